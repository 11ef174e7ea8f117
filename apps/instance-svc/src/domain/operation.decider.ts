import { STATUS_CODE, WeftError, type LxdOperation, type OperationEvent } from '@weft/contracts';
import type { OperationState } from './operation.state';

export interface OpenOperation {
  id: string;
  project: string;
  class: LxdOperation['class'];
  description: string;
  /** LXD's shape: `{instances: ["/1.0/instances/c1"]}`. */
  resources: Record<string, string[]> | null;
  metadata?: Record<string, unknown> | null;
  mayCancel?: boolean;
  /** The member that does the work; "none" when no member is concerned. */
  location: string;
  /** Milliseconds from now; `null` for an operation that a person holds open. */
  timeLimitMs: number | null;
  carrier?: { member: string; bootId: string };
  sagaType?: string;
}

export function openOperation(command: OpenOperation, now: Date): Extract<OperationEvent, { type: 'OperationCreated' }> {
  const at = now.toISOString();
  const operation: LxdOperation = {
    id: command.id,
    class: command.class,
    description: command.description,
    created_at: at,
    updated_at: at,
    status: 'Running',
    status_code: STATUS_CODE.Running,
    resources: command.resources,
    metadata: command.metadata ?? null,
    may_cancel: command.mayCancel ?? false,
    err: '',
    location: command.location,
  };
  const deadlineAt = command.timeLimitMs === null ? null : now.getTime() + command.timeLimitMs;
  return {
    type: 'OperationCreated',
    data: { id: command.id, project: command.project, operation, deadlineAt, carrier: command.carrier ?? null, sagaType: command.sagaType ?? null },
  };
}

export type OperationOutcome =
  { status: 'Success'; metadata?: Record<string, unknown> } | { status: 'Failure'; err: string; metadata?: Record<string, unknown> } | { status: 'Cancelled' };

/** Ends an operation; an ended one stays as it is. */
export function completeOperation(state: OperationState, outcome: OperationOutcome, now: Date): OperationEvent[] {
  if (state.status !== 'running') return [];
  const err = outcome.status === 'Failure' ? outcome.err : outcome.status === 'Cancelled' ? 'Operation cancelled' : '';
  const added = outcome.status === 'Cancelled' ? undefined : outcome.metadata;
  const metadata = added || state.operation.metadata ? { ...state.operation.metadata, ...added } : null;
  const operation: LxdOperation = {
    ...state.operation,
    updated_at: now.toISOString(),
    status: outcome.status,
    status_code: STATUS_CODE[outcome.status],
    metadata,
    may_cancel: false,
    err,
  };
  return [{ type: 'OperationCompleted', data: { id: operation.id, project: state.project, operation, status: outcome.status, err, metadata } }];
}

/** Asks the saga of an operation to stop and undo; it ends as Cancelled when that is done. */
export function cancelOperation(state: OperationState, now: Date): OperationEvent[] {
  if (state.status === 'none') throw new WeftError('operation.not-found', 'Operation not found');
  if (state.status === 'ended') throw new WeftError('operation.not-cancellable', 'Only running operations can be cancelled');
  if (state.cancelRequested) return [];
  if (!state.operation.may_cancel) throw new WeftError('operation.not-cancellable', "This operation can't be cancelled");
  const operation: LxdOperation = {
    ...state.operation,
    updated_at: now.toISOString(),
    status: 'Cancelling',
    status_code: STATUS_CODE.Cancelling,
    may_cancel: false,
  };
  return [{ type: 'OperationCancelRequested', data: { id: operation.id, project: state.project, operation } }];
}
