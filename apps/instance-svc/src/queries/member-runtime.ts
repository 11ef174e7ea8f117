/** What hosts reported last, in UNLOGGED tables: never part of the log, and soon there again after a crash. */
import type { Pool } from 'pg';
import { heartbeatSchema, type Heartbeat, type InstanceUsage } from '@weft/contracts';

export interface RuntimeBatch {
  members: { heartbeat: Heartbeat; seenAt: number }[];
  usage: Map<string, InstanceUsage>;
  /** Instances that do not run any more. */
  gone: string[];
}

export async function writeRuntime(pool: Pool, batch: RuntimeBatch): Promise<void> {
  const { members, usage, gone } = batch;
  if (members.length > 0) {
    await pool.query({
      name: 'write-member-runtime',
      text: `INSERT INTO member_runtime (name, boot_id, seen_at, resources_doc)
        SELECT name, boot_id, to_timestamp(seen_ms / 1000.0), doc FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS given (name, boot_id, seen_ms, doc)
        ON CONFLICT (name) DO UPDATE SET boot_id = excluded.boot_id, seen_at = excluded.seen_at, resources_doc = excluded.resources_doc`,
      values: [
        members.map(({ heartbeat }) => heartbeat.member),
        members.map(({ heartbeat }) => heartbeat.bootId),
        members.map(({ seenAt }) => seenAt),
        members.map(({ heartbeat }) => JSON.stringify({ ...heartbeat, instances: [] })),
      ],
    });
  }
  if (usage.size > 0) {
    await pool.query({
      name: 'write-instance-runtime',
      text: `INSERT INTO instance_runtime (id, usage) SELECT * FROM unnest($1::text[], $2::text[])
        ON CONFLICT (id) DO UPDATE SET usage = excluded.usage WHERE instance_runtime.usage <> excluded.usage`,
      values: [[...usage.keys()], [...usage.values()].map(renderUsage)],
    });
  }
  if (gone.length > 0) await pool.query('DELETE FROM instance_runtime WHERE id = ANY($1)', [gone]);
}

/** LXD's instance state behind status and status_code, in LXD's order and without braces. */
export const renderUsage = ({ disk, memory, network, pid, processes, cpu, core_scheduling }: InstanceUsage): string =>
  JSON.stringify({ disk: disk ?? {}, memory, network, pid, processes, cpu, core_scheduling }).slice(1, -1);

/** Heartbeats that another process of this service, or this one before its restart, has seen. */
export async function readMembers(pool: Pool): Promise<{ heartbeat: Heartbeat; seenAt: number }[]> {
  const { rows } = await pool.query<{ doc: string; seen_ms: string }>(
    `SELECT resources_doc AS doc, (extract(epoch FROM seen_at) * 1000)::bigint AS seen_ms FROM member_runtime`,
  );
  return rows.flatMap((row) => {
    const parsed = heartbeatSchema.safeParse(JSON.parse(row.doc));
    return parsed.success ? [{ heartbeat: parsed.data, seenAt: Number(row.seen_ms) }] : [];
  });
}
