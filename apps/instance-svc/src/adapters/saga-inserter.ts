import type { ClientBase } from 'pg';

/** The part of the saga runner that commands need: rows are written inside the command's transaction. */
export interface SagaInserter {
  insert(client: ClientBase, saga: { id: string; type: string; params: object }): Promise<void>;
  /** Look for work now instead of at the next poll. */
  wake(): void;
  cancel(sagaId: string): Promise<boolean>;
}
