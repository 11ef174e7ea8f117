/**
 *   (none) --OperationCreated--> running --OperationCompleted--> ended (Success | Failure | Cancelled)
 *                                  |  ^
 *                                  +--+ OperationCancelRequested
 */
import type { LxdOperation, OperationEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

export type OperationState =
  | { status: 'none' }
  | { status: 'running'; project: string; operation: LxdOperation; sagaType: string | null; cancelRequested: boolean }
  | { status: 'ended'; project: string; operation: LxdOperation };

export const operationStream = (id: string): string => `operation-${id}`;

export const operationFold: Fold<OperationState, OperationEvent> = {
  initial: { status: 'none' },
  evolve(state, event) {
    switch (event.type) {
      case 'OperationCreated': {
        const { project, operation, sagaType } = event.data;
        return { status: 'running', project, operation, sagaType, cancelRequested: false };
      }
      case 'OperationCancelRequested':
        return state.status === 'running' ? { ...state, operation: event.data.operation, cancelRequested: true } : state;
      case 'OperationCompleted':
        return { status: 'ended', project: event.data.project, operation: event.data.operation };
      default:
        return event satisfies never;
    }
  },
};
