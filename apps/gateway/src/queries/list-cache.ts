/**
 * Rendered lists that are still true. Postgres names the transactions whose effects a statement sees
 * (pg_current_snapshot); where these are the same as when a list was rendered, the list is the same too. That is exact
 * for documents that are made of rows alone, and nothing has to be invalidated: one statement asks, and renders only
 * when something was committed meanwhile.
 *
 * A crash empties unlogged tables without a transaction: with the connection, everything kept is forgotten.
 */
import type { ReadClient, Statement } from '../clients/read.client';
import { syncEnvelope } from '../http/envelope';

interface Kept {
  snapshot: string;
  losses: number;
  reply: Buffer;
}

const LIMIT_BYTES = 16 * 1024 * 1024;

export class ListCache {
  /** The one that was asked for longest ago comes first. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;

  constructor(
    private readonly reads: Pick<ReadClient, 'row' | 'losses'>,
    private readonly limitBytes = LIMIT_BYTES,
  ) {}

  /** LXD's reply around the one JSON text that the statement selects. It must depend on rows only: not on the time, not on the session. */
  async reply(statement: Required<Statement>, parameters: readonly unknown[]): Promise<Buffer> {
    const key = JSON.stringify([statement.name, parameters]);
    const losses = this.reads.losses();
    const found = this.kept.get(key);
    const before = found?.losses === losses ? found : undefined;
    const row = await this.reads.row(unlessSeen(statement, parameters.length + 1), [...parameters, before?.snapshot ?? ''], 'list');
    const [snapshot, json] = row ?? [];
    if (before && snapshot === before.snapshot) {
      if (this.kept.get(key) === before) this.touch(key, before);
      return before.reply;
    }
    const reply = syncEnvelope(json ?? '[]');
    if (snapshot) this.keep(key, { snapshot, losses, reply });
    return reply;
  }

  private touch(key: string, kept: Kept): void {
    this.kept.delete(key);
    this.kept.set(key, kept);
  }

  private keep(key: string, kept: Kept): void {
    this.bytes += kept.reply.length - (this.kept.get(key)?.reply.length ?? 0);
    this.touch(key, kept);
    for (const [oldest, { reply }] of this.kept) {
      if (this.bytes <= this.limitBytes) return;
      this.kept.delete(oldest);
      this.bytes -= reply.length;
    }
  }
}

/** The sub-select is uncorrelated: Postgres runs it only when the condition asks for it. */
const unlessSeen = ({ name, sql }: Required<Statement>, parameter: number): Statement => ({
  name: `${name}:seen`,
  sql: `select snapshot, case when snapshot <> $${parameter} then (${sql}) end from (select pg_current_snapshot()::text as snapshot) as seen`,
});
