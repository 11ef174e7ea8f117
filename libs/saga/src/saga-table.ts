/**
 * Every statement on the saga tables. Each write names owner and epoch: a runner that lost its lease changes nothing
 * and learns so (`LeaseLost`). A step's outcome and the next step's intent are one statement, so one flush.
 */
import type { ClientBase, Pool } from 'pg';
import { qualified } from '@weft/event-store';
import type { SagaError } from './types';

export type SagaStatus = 'running' | 'unwinding' | 'done' | 'failed';
export type Direction = 'action' | 'undo';

export interface ClaimedSaga {
  id: string;
  type: string;
  params: object;
  results: Record<string, unknown>;
  status: SagaStatus;
  step: number;
  stepName: string | null;
  error: SagaError | null;
  cancelRequested: boolean;
  attempts: number;
  epoch: number;
}

/** Another runner has this saga now, or will have it: stop and write nothing more. */
export class LeaseLost extends Error {
  constructor() {
    super('lease lost');
    this.name = 'LeaseLost';
  }
}

/** Where a saga goes next; `patch` is merged into its results. */
export interface Move {
  status: 'running' | 'unwinding';
  step: number;
  /** undefined when only the last word is left. */
  stepName: string | undefined;
  patch: object;
  error: SagaError | null;
  /** How the step that was under way ended. */
  ended: { step: number; direction: Direction; error: SagaError | null } | undefined;
}

export type SagaTable = ReturnType<typeof sagaTable>;

const CLAIMED = `id, type, params, results, status, step, step_name AS "stepName", error,
  cancel_requested AS "cancelRequested", attempts, epoch`;

export function sagaTable(pool: Pool, schema: string, owner: string, leaseMs: number) {
  const saga = qualified(schema, 'saga');
  const step = qualified(schema, 'saga_step');
  const lease = `now() + interval '${Math.floor(leaseMs)} milliseconds'`;
  const named = (name: string, text: string) => ({ name: `weft_saga_${name}_${schema}_${leaseMs}`, text });
  const insertSql = insertStatement(saga, step, lease);
  const moveSql = moveStatement(saga, step, lease);

  const fenced = async (rows: Promise<{ rowCount: number | null }>): Promise<void> => {
    if ((await rows).rowCount === 0) throw new LeaseLost();
  };

  return {
    /**
     * @param claim true when the inserting process will run it at once: the claim costs no statement of its own
     * @returns false when the id was there already
     */
    async insert(client: ClientBase, fresh: { id: string; type: string; params: object; stepName: string | undefined }, claim: boolean): Promise<boolean> {
      const values = [fresh.id, fresh.type, JSON.stringify(fresh.params), fresh.stepName, claim ? owner : null];
      return (await client.query({ ...named('insert', insertSql), values })).rowCount === 1;
    },

    async claim(types: readonly string[], limit: number): Promise<ClaimedSaga[]> {
      const { rows } = await pool.query<ClaimedSaga>(
        `UPDATE ${saga} SET owner = $1, epoch = epoch + 1, lease_until = ${lease}
          WHERE id IN (SELECT id FROM ${saga}
            WHERE status IN ('running', 'unwinding') AND not_before <= now()
              AND (lease_until IS NULL OR lease_until < now()) AND type = ANY($2)
            ORDER BY not_before LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING ${CLAIMED}`,
        [owner, types, limit],
      );
      return rows;
    },

    /** Those of the ids that were committed with our claim on them. */
    async inserted(ids: readonly string[]): Promise<ClaimedSaga[]> {
      const sql = `SELECT ${CLAIMED} FROM ${saga} WHERE id = ANY($1) AND owner = $2 AND epoch = 1 AND status = 'running'`;
      return (await pool.query<ClaimedSaga>(sql, [ids, owner])).rows;
    },

    /** Extends leases; returns the sagas that are still ours, with the wish to cancel. */
    async renew(held: readonly { id: string; epoch: number }[]): Promise<Map<string, boolean>> {
      const { rows } = await pool.query<{ id: string; cancel: boolean }>(
        `UPDATE ${saga} s SET lease_until = ${lease} FROM unnest($1::text[], $2::int[]) AS h(id, epoch)
          WHERE s.id = h.id AND s.epoch = h.epoch AND s.owner = $3 RETURNING s.id, s.cancel_requested AS cancel`,
        [held.map(({ id }) => id), held.map(({ epoch }) => epoch), owner],
      );
      return new Map(rows.map(({ id, cancel }) => [id, cancel]));
    },

    /** @returns true when somebody asked to cancel @throws LeaseLost */
    async move(held: { id: string; epoch: number }, move: Move): Promise<boolean> {
      const error = (value: SagaError | null | undefined): string | null => (value ? JSON.stringify(value) : null);
      const { ended } = move;
      const { rows } = await pool.query<{ cancel: boolean }>({
        ...named('move', moveSql),
        values: [
          held.id,
          held.epoch,
          owner,
          move.status,
          move.step,
          move.stepName ?? null,
          JSON.stringify(move.patch),
          error(move.error),
          ended?.step ?? null,
          ended?.direction ?? null,
          error(ended?.error),
          move.status === 'running' ? 'action' : 'undo',
        ],
      });
      if (!rows[0]) throw new LeaseLost();
      return rows[0].cancel;
    },

    finish: (held: { id: string; epoch: number }, status: 'done' | 'failed') =>
      fenced(
        pool.query({
          ...named(
            'finish',
            `UPDATE ${saga} SET status = $4, finished_at = now(), owner = NULL, lease_until = NULL, attempts = 0
             WHERE id = $1 AND epoch = $2 AND owner = $3`,
          ),
          values: [held.id, held.epoch, owner, status],
        }),
      ),

    /** Tries again later, by whoever comes first. */
    postpone: (held: { id: string; epoch: number }, delayMs: number, error: SagaError) =>
      fenced(
        pool.query(
          `WITH due AS (
             UPDATE ${saga} SET not_before = now() + make_interval(secs => $4), attempts = attempts + 1, owner = NULL, lease_until = NULL
              WHERE id = $1 AND epoch = $2 AND owner = $3 RETURNING id, step, status),
           noted AS (
             UPDATE ${step} t SET error = $5, attempts = t.attempts + 1 FROM due
              WHERE t.saga_id = due.id AND t.step = due.step
                AND t.direction = CASE due.status WHEN 'running' THEN 'action' ELSE 'undo' END)
           SELECT id FROM due`,
          [held.id, held.epoch, owner, delayMs / 1000, JSON.stringify(error)],
        ),
      ),

    /** Gives sagas back without having failed at anything: a runner that stops. */
    async release(held: readonly { id: string; epoch: number }[]): Promise<void> {
      await pool.query(
        `UPDATE ${saga} s SET owner = NULL, lease_until = NULL FROM unnest($1::text[], $2::int[]) AS h(id, epoch)
          WHERE s.id = h.id AND s.epoch = h.epoch AND s.owner = $3`,
        [held.map(({ id }) => id), held.map(({ epoch }) => epoch), owner],
      );
    },

    /** Notes the wish to cancel when the saga still runs forward at or before `pivot` of its type. */
    async requestCancel(id: string, pivots: Readonly<Record<string, number>>): Promise<boolean> {
      const sql = `UPDATE ${saga} SET cancel_requested = true, not_before = now()
        WHERE id = $1 AND status = 'running' AND step <= ($2::jsonb ->> type)::int`;
      return (await pool.query(sql, [id, JSON.stringify(pivots)])).rowCount === 1;
    },

    /** Sagas that keep failing where they may only go on. */
    async stuck(): Promise<StuckSaga[]> {
      const { rows } = await pool.query<StuckSaga>(
        `SELECT s.id, s.type, s.status, s.step_name AS "stepName", s.attempts, t.error
           FROM ${saga} s LEFT JOIN ${step} t ON t.saga_id = s.id AND t.step = s.step
            AND t.direction = CASE s.status WHEN 'running' THEN 'action' ELSE 'undo' END
          WHERE s.status IN ('running', 'unwinding') AND s.attempts > 0 ORDER BY s.attempts DESC LIMIT 1000`,
      );
      return rows;
    },
  };
}

export interface StuckSaga {
  id: string;
  type: string;
  status: SagaStatus;
  stepName: string | null;
  attempts: number;
  error: SagaError | null;
}

const insertStatement = (saga: string, step: string, lease: string): string => `
  WITH fresh AS (
    INSERT INTO ${saga} (id, type, params, step_name, owner, epoch, lease_until)
    VALUES ($1, $2, $3::jsonb, $4, $5, CASE WHEN $5::text IS NULL THEN 0 ELSE 1 END, CASE WHEN $5::text IS NULL THEN NULL ELSE ${lease} END)
    ON CONFLICT (id) DO NOTHING RETURNING id, step_name),
  begun AS (
    INSERT INTO ${step} (saga_id, step, direction, name, status)
    SELECT id, 0, 'action', step_name, 'started' FROM fresh WHERE step_name IS NOT NULL)
  SELECT id FROM fresh`;

const moveStatement = (saga: string, step: string, lease: string): string => `
  WITH moved AS (
    UPDATE ${saga} SET status = $4, step = $5, step_name = $6, results = results || $7::jsonb, error = $8::jsonb,
           attempts = 0, lease_until = ${lease}
     WHERE id = $1 AND epoch = $2 AND owner = $3 AND status IN ('running', 'unwinding')
    RETURNING id, cancel_requested),
  ended AS (
    UPDATE ${step} t SET status = CASE WHEN $11::jsonb IS NULL THEN 'done' ELSE 'failed' END, error = $11::jsonb, ended_at = now()
      FROM moved WHERE t.saga_id = moved.id AND t.step = $9 AND t.direction = $10),
  begun AS (
    INSERT INTO ${step} (saga_id, step, direction, name, status)
    SELECT id, $5, $12, $6, 'started' FROM moved WHERE $6::text IS NOT NULL
    ON CONFLICT (saga_id, step, direction) DO UPDATE SET status = 'started', attempts = ${step}.attempts + 1)
  SELECT cancel_requested AS cancel FROM moved`;

/** Sagas per transaction: long ones hold up whoever reads the schema's log in order. */
const PRUNE_BATCH = 500;

/** Deletes sagas that ended longer ago than `keepMs`, with their steps, a batch at a time until `signal` aborts. Returns how many. */
export async function pruneSagas(pool: Pool, schema: string, keepMs: number, signal?: AbortSignal): Promise<number> {
  const saga = qualified(schema, 'saga');
  const sql = `DELETE FROM ${saga} WHERE id = ANY(ARRAY(
    SELECT id FROM ${saga} WHERE status IN ('done', 'failed') AND finished_at < now() - make_interval(secs => $1) LIMIT ${PRUNE_BATCH}))`;
  for (let total = 0; ;) {
    const deleted = (await pool.query(sql, [keepMs / 1000])).rowCount ?? 0;
    total += deleted;
    if (deleted < PRUNE_BATCH || signal?.aborted) return total;
  }
}
