/** Brings the log and the hosts together again, one member at a time: fetch, plan (domain/reconcile-plan.ts), apply. */
import { derivedId, WeftError, type Heartbeat, type InstanceEvent, type InstanceUsage } from '@weft/contracts';
import { execute } from '@weft/service';
import type { MemberRegistry } from '../adapters/member-registry';
import { serviceMeta } from '../commands/service-meta';
import { appendInstance } from '../commands/instance-operation';
import { placeOf } from '../domain/instance.decider';
import { instanceFold, instanceStream, isLive, type LiveInstance } from '../domain/instance.state';
import { planReconcile, type Correction, type KnownInstance } from '../domain/reconcile-plan';
import { hasNics } from '../domain/nic-identity';
import { RepeatedNews } from '../domain/repeated-news';
import type { Deps } from '../instance.deps';
import { findInstanceById } from '../queries/find-instance';
import { removePortsLater } from '../sagas/port-release';
import { releaseEndedPorts } from './ended-ports';
import { orderDelete, orderKill } from './host-orders';

/** How long an instance that should run may go unmentioned before its host is asked about it. */
const SILENCE_MS = 5_000;

const isFreeze = ({ kind }: Correction): boolean => kind === 'frozen' || kind === 'unfrozen';
const keyOf = ({ kind, id }: Correction): string => `${kind} ${id}`;

export class InstanceReconciler {
  /** When an instance was first missed, by id and epoch. */
  private readonly missed = new Map<string, number>();
  private readonly underWay = new Set<string>();
  private readonly freezes = new RepeatedNews();

  constructor(
    private readonly deps: Deps,
    private readonly registry: MemberRegistry,
  ) {}

  async reconcile(heartbeat: Heartbeat): Promise<void> {
    const { member } = heartbeat;
    if (this.underWay.has(member)) return;
    this.underWay.add(member);
    try {
      const { rows: known } = await this.deps.pool.query<KnownInstance>({
        name: 'known-instances',
        // Of those that neither run nor are reported, nothing is to be corrected: most of a thousand stopped ones.
        text: `SELECT id, status, epoch, locked FROM instance WHERE member = $1 AND (status IN ('running', 'frozen') OR id = ANY($2))`,
        values: [member, heartbeat.instances.map(({ id }) => id)],
      });
      const endedUnseen = (id: string): boolean => this.registry.endedUnseen(member, id);
      const corrections = planReconcile({ known, reported: heartbeat.instances, endedUnseen });
      this.forgetFound(corrections);
      const freezes = this.freezes.heard(member, corrections.filter(isFreeze).map(keyOf));
      for (const correction of corrections) if (!isFreeze(correction) || freezes.has(keyOf(correction))) await this.apply(heartbeat, correction);
    } finally {
      this.underWay.delete(member);
    }
  }

  private forgetFound(corrections: readonly Correction[]): void {
    const asked = new Set(corrections.filter((one) => one.kind === 'ask').map((one) => one.id));
    for (const id of this.missed.keys()) if (!asked.has(id)) this.missed.delete(id);
  }

  private async apply(heartbeat: Heartbeat, correction: Correction): Promise<void> {
    const { deps } = this;
    switch (correction.kind) {
      case 'stopped':
        return this.stopped(heartbeat.member, correction.id, correction.epoch, correction.reason);
      case 'frozen':
      case 'unfrozen': {
        const type = correction.kind === 'frozen' ? 'InstanceFrozen' : 'InstanceUnfrozen';
        return this.record(correction, (instance, operationId) => [{ type, data: { ...placeOf(instance), operationId } }]);
      }
      case 'ask':
        return this.ask(heartbeat.member, correction);
      case 'kill':
        return orderKill(deps, heartbeat, correction);
      case 'foreign':
        return this.foreign(heartbeat, correction.id);
      default:
        return correction satisfies never;
    }
  }

  private async stopped(member: string, id: string, epoch: number, reason: 'guest' | 'crashed' | 'host'): Promise<void> {
    let ephemeral: LiveInstance | undefined;
    // Before the log says that it may be started again: that start's ports must not be the ones that leave.
    const row = await findInstanceById(this.deps.pool, id);
    if (row && row.state.lock === null && row.epoch === epoch) await releaseEndedPorts(this.deps, row);
    await this.record({ kind: 'stopped', id, epoch }, (instance, operationId) => {
      ephemeral = instance.ephemeral ? instance : undefined;
      const stopped: InstanceEvent = { type: 'InstanceStopped', data: { ...placeOf(instance), operationId, reason } };
      return instance.ephemeral ? [stopped, { type: 'InstanceDeleted', data: { ...placeOf(instance), operationId, reason: 'ephemeral' } }] : [stopped];
    });
    this.deps.log.info({ instanceId: id, member, reason }, 'instance is not running any more');
    if (!ephemeral) return;
    orderDelete(this.deps, member, { instanceId: id, type: ephemeral.type });
    if (row && hasNics(row.spec)) await removePortsLater(this.deps, { project: ephemeral.project, correlationId: id }, id);
  }

  /** Events without an operation: the id of the correction stands in for it. A repeat finds the instance changed. */
  private async record(
    correction: { kind: string; id: string; epoch: number },
    events: (instance: LiveInstance, operationId: string) => InstanceEvent[],
  ): Promise<void> {
    const { id, epoch, kind } = correction;
    const commandId = derivedId('reconcile', kind, id, String(epoch), String(Date.now()));
    const row = await findInstanceById(this.deps.pool, id);
    if (!row) return;
    await execute(this.deps, serviceMeta(row.state.project, commandId, commandId), `reconcile.${kind}`, { id, epoch }, async (uow) => {
      const { state } = await uow.load(instanceFold, instanceStream(id));
      const unchanged = isLive(state) && state.lock === null && state.epoch === epoch && (state.status === 'running' || state.status === 'frozen');
      if (unchanged) appendInstance(uow, id, events(state, commandId));
      return {};
    });
  }

  /** "Not mentioned" may mean that it could not be inspected: only the host's own answer counts. */
  private async ask(member: string, { id, epoch }: { id: string; epoch: number }): Promise<void> {
    const since = this.missed.get(id) ?? Date.now();
    this.missed.set(id, since);
    if (Date.now() - since < SILENCE_MS) return;
    const row = await findInstanceById(this.deps.pool, id);
    if (!row || row.epoch !== epoch || row.state.lock !== null) return;
    const runs = await this.deps.agents.request<'instance.usage', InstanceUsage>(member, 'instance.usage', { instance: row.spec }).then(
      (usage) => usage.pid > 0,
      (error: unknown) => !(error instanceof WeftError && (error.code === 'instance.wrong-status' || error.code === 'instance.not-found')),
    );
    this.missed.set(id, Date.now());
    if (!runs) await this.stopped(member, id, epoch, 'host');
  }

  /** Runs there but is not ours to run there: deleted meanwhile, or the log never knew it. */
  private async foreign(heartbeat: Heartbeat, id: string): Promise<void> {
    const { state } = await this.deps.store.load(instanceFold, instanceStream(id));
    if (state.status === 'deleted') {
      const [created] = await this.deps.store.readStream(instanceStream(id));
      return orderDelete(this.deps, heartbeat.member, { instanceId: id, type: (created?.data as { type: LiveInstance['type'] }).type });
    }
    if (state.status === 'none')
      this.deps.log.warn({ instanceId: id, member: heartbeat.member }, 'a host runs an instance that the log does not know: left alone');
  }
}
