/** How a command opens the operation that it replies with, and how whoever does the work ends it. */
import type { LxdOperation, Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { completeOperation, openOperation, type OpenOperation, type OperationOutcome } from '../domain/operation.decider';
import { operationFold, operationStream } from '../domain/operation.state';
import type { Deps } from '../instance.deps';

const DEFAULT_TIME_LIMIT_MS = 30 * 60_000;

export type OperationRequest = Omit<OpenOperation, 'id' | 'project' | 'class' | 'timeLimitMs'> &
  Partial<Pick<OpenOperation, 'id' | 'project' | 'class' | 'timeLimitMs'>> & {
    /** The saga that does the work; its id is the operation's id. Its parameters get the rendered `operation` added. */
    saga?: { type: string; params: object };
  };

/** Appends OperationCreated (id = the request's correlation id) and inserts the saga, all in the command's transaction. */
export function startOperation(deps: Pick<Deps, 'sagas'>, uow: UnitOfWork, meta: Meta, request: OperationRequest): LxdOperation {
  const { saga, ...rest } = request;
  const id = request.id ?? meta.correlationId;
  const event = openOperation({ class: 'task', project: meta.project, timeLimitMs: DEFAULT_TIME_LIMIT_MS, sagaType: saga?.type, ...rest, id }, uow.now);
  uow.begin(operationStream(id), [{ ...event, project: event.data.project }]);
  if (saga) {
    uow.inTransaction((client) => deps.sagas.insert(client, { id, type: saga.type, params: { ...saga.params, operation: event.data.operation } }));
    uow.afterCommit(() => deps.sagas.wake(id));
  }
  return event.data.operation;
}

/** For work that the command has done already: the operation is over when the reply arrives. */
export function startedAndDone(uow: UnitOfWork, meta: Meta, request: Omit<OperationRequest, 'saga'>, metadata?: Record<string, unknown>): LxdOperation {
  const id = request.id ?? meta.correlationId;
  const created = openOperation({ class: 'task', project: meta.project, timeLimitMs: DEFAULT_TIME_LIMIT_MS, ...request, id }, uow.now);
  const state = operationFold.evolve(operationFold.initial, created);
  const completed = completeOperation(state, { status: 'Success', metadata }, uow.now);
  uow.begin(
    operationStream(id),
    [created, ...completed].map((event) => ({ ...event, project: created.data.project })),
  );
  return completed[0]?.data.operation ?? created.data.operation;
}

/** Ends an operation in the unit of work; harmless when it has ended already. */
export async function endOperation(uow: UnitOfWork, id: string, outcome: OperationOutcome): Promise<void> {
  const { state } = await uow.load(operationFold, operationStream(id));
  const events = completeOperation(state, outcome, uow.now);
  uow.append(
    operationStream(id),
    events.map((event) => ({ ...event, project: event.data.project })),
  );
}
