/**
 * A lease on a row of `checkpoint`: one worker of a name runs at a time. The epoch grows with every claim; whoever
 * writes with an old epoch changes nothing. Time is the database's for taking over, the process's own for letting go,
 * and the holder lets go first: its clock starts before the claim is sent.
 */
import type { ClientBase, Pool } from 'pg';
import { qualified } from '../schema/sql';
import type { Cursor } from '../types';

export interface Checkpoint extends Cursor {
  /** JetStream sequence seen last: a hint, never a cursor. */
  streamSequence: string;
}

export interface Lease {
  readonly epoch: string;
  readonly checkpoint: Checkpoint;
  /** Aborts when the lease is lost or was released. */
  readonly lost: AbortSignal;
  /** Moves the checkpoint inside the caller's transaction. @throws LeaseGone when another worker holds the name */
  advance(client: ClientBase, to: Cursor, streamSequence?: string): Promise<void>;
  release(): Promise<void>;
}

export class LeaseGone extends Error {
  constructor(name: string) {
    super(`lease ${name} is gone`);
    this.name = 'LeaseGone';
  }
}

export interface LeaseOptions {
  pool: Pool;
  schema: string;
  name: string;
  /** Unique per worker. */
  owner: string;
  leaseMs: number;
}

interface ClaimRow extends Checkpoint {
  epoch: string;
}

/** The lease, or undefined while somebody else holds it. */
export async function acquireLease(options: LeaseOptions): Promise<Lease | undefined> {
  const { pool, schema, name, owner, leaseMs } = options;
  const table = qualified(schema, 'checkpoint');
  const asked = performance.now();
  const { rows } = await pool.query<ClaimRow>(
    `INSERT INTO ${table} AS c (name, owner, epoch, lease_until) VALUES ($1, $2, 1, now() + make_interval(secs => $3))
     ON CONFLICT (name) DO UPDATE SET owner = $2, epoch = c.epoch + 1, lease_until = excluded.lease_until
      WHERE c.lease_until IS NULL OR c.lease_until < now() OR c.owner = $2
     RETURNING epoch, tx, position, stream_sequence AS "streamSequence"`,
    [name, owner, leaseMs / 1000],
  );
  return rows[0] ? new HeldLease(options, table, rows[0], asked + leaseMs) : undefined;
}

class HeldLease implements Lease {
  readonly epoch: string;
  readonly checkpoint: Checkpoint;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private expiry: NodeJS.Timeout;

  constructor(
    private readonly options: LeaseOptions,
    private readonly table: string,
    { epoch, ...checkpoint }: ClaimRow,
    ends: number,
  ) {
    this.epoch = epoch;
    this.checkpoint = checkpoint;
    this.timer = setInterval(() => void this.renew(), options.leaseMs / 3);
    this.expiry = this.expireAt(ends);
  }

  get lost(): AbortSignal {
    return this.controller.signal;
  }

  async advance(client: ClientBase, to: Cursor, streamSequence = '0'): Promise<void> {
    const { name, schema } = this.options;
    const { rowCount } = await client.query({
      name: `weft_advance_${schema}`,
      text: `UPDATE ${this.table} SET tx = $3, position = $4, stream_sequence = $5 WHERE name = $1 AND epoch = $2`,
      values: [name, this.epoch, to.tx, to.position, streamSequence],
    });
    if (rowCount === 0) {
      this.end();
      throw new LeaseGone(name);
    }
  }

  async release(): Promise<void> {
    this.end();
    const sql = `UPDATE ${this.table} SET owner = NULL, lease_until = NULL WHERE name = $1 AND epoch = $2`;
    await this.options.pool.query(sql, [this.options.name, this.epoch]).catch(() => undefined);
  }

  private async renew(): Promise<void> {
    const asked = performance.now();
    const { name, leaseMs, pool } = this.options;
    try {
      const sql = `UPDATE ${this.table} SET lease_until = now() + make_interval(secs => $3) WHERE name = $1 AND epoch = $2`;
      const { rowCount } = await pool.query(sql, [name, this.epoch, leaseMs / 1000]);
      if (this.lost.aborted) return;
      if (rowCount === 0) return this.end();
      clearTimeout(this.expiry);
      this.expiry = this.expireAt(asked + leaseMs);
    } catch {
      // The database is away: the lease runs out by itself unless a later renewal succeeds.
    }
  }

  private expireAt(ends: number): NodeJS.Timeout {
    return setTimeout(() => this.end(), Math.max(0, ends - performance.now()));
  }

  private end(): void {
    clearInterval(this.timer);
    clearTimeout(this.expiry);
    this.controller.abort(new LeaseGone(this.options.name));
  }
}
