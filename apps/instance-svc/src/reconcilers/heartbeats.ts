/**
 * Takes heartbeats in.
 *
 *   every replica        who is there (placement, deadlines)                         core subscription
 *   one of the replicas  enrols new members, writes runtime rows, reconciles         queue group
 */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { derivedId, heartbeatSchema, type Heartbeat, type InstanceUsage } from '@weft/contracts';
import { execute } from '@weft/service';
import type { MemberRegistry } from '../adapters/member-registry';
import { serviceMeta } from '../commands/service-meta';
import { decideMember } from '../domain/member.decider';
import { memberFold, memberStream } from '../domain/member.state';
import type { Deps } from '../instance.deps';
import { readMembers, writeRuntime } from '../queries/member-runtime';
import { AutostartReconciler } from './autostart.reconciler';
import { InstanceReconciler } from './instance.reconciler';
import { Membership } from './membership';

const WRITE_EVERY_MS = 2_000;
/** Agents also report each change at once: under load that is often enough to look less often. */
const LOOK_AT_MOST_EVERY_MS = 250;
const ANY_HEARTBEAT = 'weft.heartbeat.*';

export class Heartbeats {
  private readonly latest = new Map<string, { heartbeat: Heartbeat; seenAt: number }>();
  /** The newest heartbeat by its subject, read once for both subscriptions. */
  private readonly bySubject = new Map<string, Heartbeat>();
  private readonly lookedAt = new Map<string, number>();
  private readonly enrolled = new Set<string>();
  private readonly rebooted = new Set<string>();
  private readonly running = new Map<string, Set<string>>();
  private readonly membership: Membership;
  private readonly instances: InstanceReconciler;
  private readonly autostart: AutostartReconciler;
  private timer: NodeJS.Timeout | undefined;
  private stops: (() => void)[] = [];

  constructor(
    private readonly deps: Deps,
    private readonly registry: MemberRegistry,
  ) {
    this.membership = new Membership(deps, registry);
    this.instances = new InstanceReconciler(deps, registry);
    this.autostart = new AutostartReconciler(deps);
  }

  async start(nats: NatsConnection): Promise<void> {
    await this.membership.refresh();
    for (const { heartbeat, seenAt } of await readMembers(this.deps.pool)) this.registry.remember(heartbeat, seenAt);
    const everyone = nats.subscribe(ANY_HEARTBEAT, { callback: (error, message) => this.see(error, message) });
    const one = nats.subscribe(ANY_HEARTBEAT, { queue: 'instance-svc', callback: (_error, message) => void this.work(message) });
    this.stops = [() => everyone.unsubscribe(), () => one.unsubscribe()];
    this.timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    for (const stop of this.stops) stop();
    clearInterval(this.timer);
  }

  private see(error: Error | null, message: Msg): void {
    const heartbeat = error ? undefined : this.parse(message);
    if (!heartbeat) return;
    if (!this.membership.counts(heartbeat.member)) return void this.bySubject.delete(message.subject);
    this.bySubject.set(message.subject, heartbeat);
    const { hostRestarted } = this.registry.observe(heartbeat);
    if (hostRestarted) this.rebooted.add(heartbeat.member);
  }

  private async work({ subject }: Msg): Promise<void> {
    const heartbeat = this.bySubject.get(subject);
    if (!heartbeat || performance.now() - (this.lookedAt.get(subject) ?? -Infinity) < LOOK_AT_MOST_EVERY_MS) return;
    this.lookedAt.set(subject, performance.now());
    this.latest.set(heartbeat.member, { heartbeat, seenAt: Date.now() });
    try {
      if (await this.enrol(heartbeat)) await this.write();
      await this.instances.reconcile(heartbeat);
      await this.autostart.reconcile(heartbeat.member, this.rebooted.delete(heartbeat.member));
    } catch (cause) {
      this.deps.log.warn({ err: cause, member: heartbeat.member }, 'heartbeat not worked off: the next one will be');
    }
  }

  /** Where enrolment is open, members enrol themselves. True for the first heartbeat that this process sees. */
  private async enrol({ member, resources }: Heartbeat): Promise<boolean> {
    if (this.enrolled.has(member)) return false;
    this.enrolled.add(member);
    if (!this.deps.enrolment.open) return true;
    const commandId = derivedId('enrol', member);
    await execute(this.deps, serviceMeta('default', commandId, commandId), 'member.enrol', { member }, async (uow) => {
      const { state } = await uow.load(memberFold, memberStream(member));
      const events = decideMember({ type: 'enrol', name: member, architecture: resources.architecture }, state);
      if (events.length > 0)
        uow.append(
          memberStream(member),
          events.map((event) => ({ ...event, project: '' })),
        );
      return {};
    }).catch((error: unknown) => {
      this.enrolled.delete(member);
      throw error;
    });
    return true;
  }

  private async write(): Promise<void> {
    const beats = [...this.latest.values()];
    this.latest.clear();
    if (beats.length === 0) return;
    const usage = new Map<string, InstanceUsage>();
    const gone: string[] = [];
    for (const { heartbeat } of beats) {
      for (const one of heartbeat.instances) if (one.usage) usage.set(one.id, one.usage);
      gone.push(...this.ended(heartbeat));
    }
    await writeRuntime(this.deps.pool, { members: beats, usage, gone }).catch((error: unknown) =>
      this.deps.log.warn({ err: error }, 'runtime rows not written'),
    );
  }

  private ended(heartbeat: Heartbeat): string[] {
    const now = new Set(heartbeat.instances.filter((one) => one.usage).map((one) => one.id));
    const before = this.running.get(heartbeat.member) ?? new Set<string>();
    this.running.set(heartbeat.member, now);
    return [...before].filter((id) => !now.has(id));
  }

  private parse(message: Msg): Heartbeat | undefined {
    const parsed = heartbeatSchema.safeParse(readJson(message));
    if (parsed.success) return parsed.data;
    this.deps.log.warn({ subject: message.subject, issues: parsed.error.issues }, 'unreadable heartbeat');
    return undefined;
  }
}

function readJson(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
