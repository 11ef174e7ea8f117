import { derivedId, WeftError, type InstanceCommandBody, type InstanceEvent, type Meta, type RootSource, type SnapshotContent } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler, CommandResult } from '../api/command-handler';
import { instanceSpec } from '../domain/instance.document';
import { instanceFold, instanceStream, type LiveInstance } from '../domain/instance.state';
import { existing, placeOf } from '../domain/instance.decider';
import type { ProjectFacts } from '../domain/resource-facts';
import type { Deps } from '../instance.deps';
import type { CreateParams } from '../sagas/saga-params';
import { enforceInstanceLimits } from './enforce-limits';
import { instanceResources } from './instance-operation';
import { startOperation } from './operations';
import { planInstance } from './plan-instance';
import { planCopy } from './plan-copy';
import { findRefreshed, refreshInstance } from './refresh-instance';

const CREATE_LIMIT_MS = 60 * 60_000;

/** What a new instance will be, whatever it is made from. */
export interface InstancePlan {
  instance: Extract<InstanceEvent, { type: 'InstanceCreated' }>['data'];
  source: RootSource;
  snapshots: Record<string, string>;
  fetchFrom: string;
  /** Why that member. */
  placement: string;
  /** Id of the instance that a copy reads, "" for none. */
  retained: string;
  /** Its NICs are those that the source still has. */
  portsLater: boolean;
  profiles: Parameters<typeof instanceSpec>[1];
  project: ProjectFacts;
}

export const createInstance: CommandHandler<'instance.create'> = async (deps, meta, body) => {
  if (body.stateful) throw new WeftError('request.unsupported', 'Stateful creation is not supported');
  const present = await findRefreshed(deps, meta.project, body);
  if (present) return refreshInstance(deps, meta, body, present);
  const ids = { instance: derivedId(meta.commandId, 'instance'), uuid: derivedId(meta.commandId, 'uuid'), cloudInit: derivedId(meta.commandId, 'cloud-init') };
  const plan = body.source.type === 'copy' ? await planCopy(deps, meta, body, ids) : await planInstance(deps, meta, body, ids);
  return carryOut(deps, meta, body, plan);
};

function carryOut(deps: Deps, meta: Meta, body: InstanceCommandBody<'instance.create'>, plan: InstancePlan): Promise<CommandResult> {
  return execute(deps, meta, 'instance.create', body, async (uow) => {
    const data = { ...plan.instance, createdAt: uow.now.toISOString(), operationId: meta.correlationId };
    if (plan.retained) await retain(uow, plan.retained, meta.correlationId, plan.snapshots);
    uow.begin(instanceStream(data.id), [{ type: 'InstanceCreated', data, project: data.project }]);
    const state = instanceFold.evolve(instanceFold.initial, { type: 'InstanceCreated', data }) as LiveInstance;
    const request = {
      description: 'Creating instance',
      // Pushed to: its channels are attached to from outside.
      ...(body.source.type === 'migration' && body.source.mode === 'push' ? { class: 'websocket' as const } : {}),
      resources: instanceResources(data.name),
      location: data.member,
      metadata: { placement: `${data.member}: ${plan.placement}` },
      mayCancel: true,
      timeLimitMs: CREATE_LIMIT_MS,
    };
    const params: Omit<CreateParams, 'operation'> = {
      meta,
      member: data.member,
      spec: instanceSpec(state, plan.profiles),
      timeLimitMs: CREATE_LIMIT_MS,
      source: plan.source,
      snapshots: plan.snapshots,
      fetchFrom: plan.fetchFrom,
      retained: plan.retained,
      ...(plan.portsLater ? { portsLater: true } : {}),
      ...(body.source.type === 'migration' ? { arrives: true } : {}),
    };
    enforceInstanceLimits(uow, plan.project, data.type);
    uow.afterCommit(() => deps.members.assign(data.member));
    return startOperation(deps, uow, meta, { ...request, saga: { type: 'instance.create', params } });
  });
}

/** Checked again here, under the source's version: its snapshots are still there, and it stays until the copy is done. */
async function retain(
  uow: Parameters<Parameters<typeof execute>[4]>[0],
  sourceId: string,
  operationId: string,
  snapshots: Record<string, string>,
): Promise<void> {
  const { state } = await uow.load(instanceFold, instanceStream(sourceId));
  const source = existing(state);
  if (source.lock && source.lock.kind !== 'start' && source.lock.kind !== 'stop')
    throw new WeftError('instance.busy', `Instance is busy running a ${source.lock.kind} operation`);
  const gone = Object.keys(snapshots).some((id) => !source.snapshots.some((snapshot: SnapshotContent) => snapshot.id === id));
  if (gone) throw new WeftError('concurrency.conflict', 'The snapshots of the source changed meanwhile: try again');
  uow.append(instanceStream(sourceId), [{ type: 'InstanceRetained', data: { ...placeOf(source), operationId }, project: source.project }]);
}
