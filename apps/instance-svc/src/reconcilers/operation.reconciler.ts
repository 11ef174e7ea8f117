/**
 * Ends operations that nobody else will end: those of an agent process that is gone, and those past their deadline.
 * Every replica may look: what has ended already stays as it is.
 */
import { derivedId } from '@weft/contracts';
import { execute } from '@weft/service';
import { serviceMeta } from '../commands/service-meta';
import { endOperation } from '../commands/operations';
import type { Deps } from '../instance.deps';

const EVERY_MS = 5_000;
/** A saga that was asked to stop has this long to undo, before its operation is ended over its head. */
const UNDO_MS = 120_000;

interface Row {
  id: string;
  project: string;
  deadline_at: string | null;
  carrier_member: string | null;
  carrier_boot_id: string | null;
  saga_type: string | null;
}

export class OperationReconciler {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: Deps) {}

  start(): void {
    this.timer = setInterval(() => void this.look().catch((error: unknown) => this.deps.log.warn({ err: error }, 'operations not looked at')), EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async look(now: number = Date.now()): Promise<void> {
    const { rows } = await this.deps.pool.query<Row>({
      name: 'overdue-operations',
      text: `SELECT id, project, deadline_at, carrier_member, carrier_boot_id, saga_type FROM operation
        WHERE status_code < 200 AND (deadline_at < $1 OR carrier_member IS NOT NULL)`,
      values: [now],
    });
    for (const row of rows) await this.judge(row, now);
  }

  private async judge(row: Row, now: number): Promise<void> {
    if (row.carrier_member !== null) {
      const carrier = this.deps.members.get(row.carrier_member);
      if (carrier?.online && carrier.heartbeat.bootId === row.carrier_boot_id) return;
      // Not heard of yet since we started: wait for its first heartbeat.
      if (!carrier || (!carrier.online && this.deps.members.expected(row.carrier_member))) return;
      return this.fail(row, carrier.online ? 'The host agent was restarted' : `Member ${row.carrier_member} is offline`);
    }
    const overdueMs = now - Number(row.deadline_at);
    if (row.saga_type && overdueMs < UNDO_MS) {
      await this.deps.sagas.cancel(row.id);
      return;
    }
    return this.fail(row, 'The operation did not end in time');
  }

  private async fail(row: Row, err: string): Promise<void> {
    const commandId = derivedId('overdue', row.id);
    this.deps.log.warn({ operationId: row.id, reason: err }, 'operation ended by force');
    await execute(this.deps, serviceMeta(row.project, row.id, commandId), 'operation.expire', {}, async (uow) => {
      await endOperation(uow, row.id, { status: 'Failure', err });
      return {};
    });
  }
}
