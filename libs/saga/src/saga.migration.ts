import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * saga       one row per saga: where it stands, who runs it (owner, epoch, lease_until), when it is due
 * saga_step  what was tried: intent (`started`) is written before the effect, the outcome behind it
 *
 * `step` is the index of the step under way. Running past the last step means: only the last word is missing;
 * unwinding to -1 means the same for a failed one.
 */
export class SagaTables1700000000002 implements MigrationInterface {
  name = 'SagaTables1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE saga (
        id text PRIMARY KEY,
        type text NOT NULL,
        params jsonb NOT NULL,
        results jsonb NOT NULL DEFAULT '{}',
        status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'unwinding', 'done', 'failed')),
        step int NOT NULL DEFAULT 0,
        step_name text,
        error jsonb,
        cancel_requested boolean NOT NULL DEFAULT false,
        attempts int NOT NULL DEFAULT 0,
        not_before timestamptz NOT NULL DEFAULT now(),
        owner text,
        epoch int NOT NULL DEFAULT 0,
        lease_until timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz) WITH (fillfactor = 50);
      CREATE INDEX saga_due ON saga (not_before) WHERE status IN ('running', 'unwinding');
      CREATE TABLE saga_step (
        saga_id text NOT NULL REFERENCES saga (id) ON DELETE CASCADE,
        step int NOT NULL,
        direction text NOT NULL CHECK (direction IN ('action', 'undo')),
        name text NOT NULL,
        status text NOT NULL CHECK (status IN ('started', 'done', 'failed')),
        attempts int NOT NULL DEFAULT 1,
        error jsonb,
        started_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        PRIMARY KEY (saga_id, step, direction)) WITH (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE saga_step, saga');
  }
}

/** For the `migrations` of the event store whose schema the sagas live in. */
export const sagaMigrations = [SagaTables1700000000002];
