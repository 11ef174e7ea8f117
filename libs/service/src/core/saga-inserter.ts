import type { ClientBase } from 'pg';

/** The part of the saga runner that commands need: rows are written inside the command's transaction. */
export interface SagaInserter {
  insert(client: ClientBase, saga: { id: string; type: string; params: object }): Promise<void>;
  /** Begins the saga that was just committed. */
  wake(id: string): void;
  /** True when it will be unwound. */
  cancel(sagaId: string): Promise<boolean>;
}
