import type { InstanceEvent, LxdOperation, Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { instanceFold, instanceStream, type InstanceState } from '../domain/instance.state';
import type { Deps } from '../instance.deps';
import type { InstanceRow } from '../queries/find-instance';
import type { InstanceSagaParams } from '../sagas/saga-params';
import { startOperation } from './operations';

/** LXD names an instance twice in the resources of an operation. */
export const instanceResources = (name: string): Record<string, string[]> => ({
  instances: [`/1.0/instances/${name}`],
  containers: [`/1.0/containers/${name}`],
});

/** Gives events of an instance to the unit of work. */
export function appendInstance(uow: UnitOfWork, id: string, events: readonly InstanceEvent[]): void {
  uow.append(
    instanceStream(id),
    events.map((event) => ({ ...event, project: event.data.project })),
  );
}

export interface InstanceWork<P extends InstanceSagaParams> {
  row: InstanceRow;
  description: string;
  saga: string;
  timeLimitMs: number;
  /** Defaults to the request's correlation id. */
  operationId?: string;
  mayCancel?: boolean;
  /** Defaults to task. */
  class?: LxdOperation['class'];
  /** Of the operation; text only, the stock client takes nothing else. */
  metadata?: Record<string, string>;
  decide(state: InstanceState, operationId: string): InstanceEvent[];
  /** What the saga needs beyond the common parameters; `after` is the state with the events applied. */
  params(after: Extract<InstanceState, { id: string; lock: unknown }>): Omit<P, keyof InstanceSagaParams>;
}

/** Decides, appends, and opens the operation with the saga that does the work. */
export async function startInstanceWork<P extends InstanceSagaParams>(deps: Deps, uow: UnitOfWork, meta: Meta, work: InstanceWork<P>): Promise<LxdOperation> {
  const operationId = work.operationId ?? meta.correlationId;
  const { state } = await uow.load(instanceFold, instanceStream(work.row.id));
  const events = work.decide(state, operationId);
  appendInstance(uow, work.row.id, events);
  const after = events.reduce(instanceFold.evolve, state) as Extract<InstanceState, { id: string; lock: unknown }>;
  const common: Omit<InstanceSagaParams, 'operation'> = { meta, member: work.row.member, spec: work.row.spec, timeLimitMs: work.timeLimitMs };
  return startOperation(deps, uow, meta, {
    id: operationId,
    description: work.description,
    resources: instanceResources(after.name),
    location: work.row.member,
    metadata: work.metadata,
    ...(work.class ? { class: work.class } : {}),
    mayCancel: work.mayCancel,
    timeLimitMs: work.timeLimitMs,
    saga: { type: work.saga, params: { ...common, ...work.params(after) } },
  });
}
