import type { Meta } from '@weft/contracts';
import type { CommandOutcome, UnitOfWork } from '@weft/event-store';
import { currentTraceparent } from '@weft/platform';
import type { CommandResult } from '../api/command-handler';
import type { Deps } from '../instance.deps';
import { timeAppend } from '../instance.metrics';

/** Runs a command in one unit of work: events, projections, sagas and the result commit together or not at all. */
export async function execute(deps: Deps, meta: Meta, name: string, body: unknown, work: (uow: UnitOfWork) => Promise<unknown>): Promise<CommandResult> {
  const { result, cursor } = await executeOnce(deps, meta, name, body, work);
  return { result, cursor };
}

/** The same for a caller that must tell a first run from a repeat. */
export function executeOnce<R>(deps: Deps, meta: Meta, name: string, body: unknown, work: (uow: UnitOfWork) => Promise<R>): Promise<CommandOutcome<R>> {
  return timeAppend(() => deps.store.execute({ id: meta.commandId, name, body, meta: toEventMeta(meta) }, work));
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

/** Meta of work that the service does on its own: sagas, reconcilers. */
export function serviceMeta(project: string, correlationId: string, commandId: string, causationId?: string): Meta {
  return {
    actor: { protocol: 'service', username: 'instance-svc', address: '', projects: null },
    project,
    requestId: correlationId,
    correlationId,
    causationId,
    commandId,
    traceparent: currentTraceparent(),
  };
}
