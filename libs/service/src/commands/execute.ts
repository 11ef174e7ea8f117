import type { Meta } from '@weft/contracts';
import type { CommandOutcome, EventStore, UnitOfWork } from '@weft/event-store';
import { currentTraceparent } from '@weft/platform';
import { serviceMetrics } from '../service.metrics';
import type { CommandResult } from './command-types';

type Work<R> = (uow: UnitOfWork) => Promise<R>;
interface WithStore {
  store: EventStore;
}

/** Runs a command in one unit of work: events, projections, sagas and the result commit together or not at all. */
export async function execute(deps: WithStore, meta: Meta, name: string, body: unknown, work: Work<unknown>): Promise<CommandResult> {
  const { result, cursor } = await executeOnce(deps, meta, name, body, work);
  return { result, cursor };
}

/** The same for a caller that must tell a first run from a repeat. */
export function executeOnce<R>({ store }: WithStore, meta: Meta, name: string, body: unknown, work: Work<R>): Promise<CommandOutcome<R>> {
  return serviceMetrics(store.context).timeAppend(() => store.execute({ id: meta.commandId, name, body, meta: toEventMeta(meta) }, work));
}

function toEventMeta(meta: Meta) {
  const { protocol, username, address } = meta.actor;
  return {
    actor: { protocol, username, address },
    project: meta.project,
    requestId: meta.requestId,
    correlationId: meta.correlationId,
    causationId: meta.causationId,
    traceparent: meta.traceparent,
  };
}

/** Whom a service is when it acts on its own: no project is closed to it. */
export const serviceActor = (service: string): Meta['actor'] => ({ protocol: 'service', username: service, address: '', projects: null });

/** Meta of work that a service does on its own: sagas, reconcilers. `service` is its name, as in `instance-svc`. */
export function serviceMeta(service: string, project: string, correlationId: string, commandId: string, causationId?: string): Meta {
  return {
    actor: serviceActor(service),
    project,
    requestId: correlationId,
    correlationId,
    causationId,
    commandId,
    traceparent: currentTraceparent(),
  };
}
