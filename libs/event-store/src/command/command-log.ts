import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import { WeftError } from '@weft/contracts';
import { qualified } from '../schema/sql';
import type { Command, CommandOutcome, Cursor } from '../types';

/** JSON with sorted keys: equal bodies give equal text however they were built. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON());
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}

/** What makes two commands with the same id the same: name and body. */
export const hashCommand = (command: Command): string => hash('sha256', `${command.name}\n${canonicalJson(command.body)}`, 'base64');

export interface LoggedCommand {
  hash: string;
  result: unknown;
  cursor?: Cursor;
}

export interface Truth {
  /** The command's entry in the log, when it was already done. */
  logged: LoggedCommand | undefined;
  /** Versions of the streams asked for, as they are now. */
  versions: ReadonlyMap<string, number>;
}

/** One query that tells whether a command was done before, and where some streams stand. */
export async function lookUp(pool: Pool, schema: string, commandId: string, streams: readonly string[]): Promise<Truth> {
  const { rows } = await pool.query<{ logged: LoggedRow | null; versions: Record<string, number> | null }>({
    name: `weft_look_up_${schema}`,
    text: `SELECT
      (SELECT jsonb_build_object('hash', hash, 'result', result, 'tx', tx::text, 'position', position::text)
         FROM ${qualified(schema, 'command_log')} WHERE id = $1) AS logged,
      (SELECT jsonb_object_agg(name, version) FROM ${qualified(schema, 'stream')} WHERE name = ANY($2)) AS versions`,
    values: [commandId, streams],
  });
  const { logged, versions } = rows[0]!;
  return {
    logged: logged ? fromRow(logged) : undefined,
    versions: new Map(streams.map((stream) => [stream, versions?.[stream] ?? 0])),
  };
}

interface LoggedRow {
  hash: string;
  result: unknown;
  tx: string;
  position: string | null;
}

const fromRow = (row: LoggedRow): LoggedCommand => ({
  hash: row.hash,
  result: row.result ?? undefined,
  ...(row.position === null ? {} : { cursor: { tx: row.tx, position: row.position } }),
});

/**
 * The outcome of a command that was done before.
 * @throws WeftError `command.conflicting-repeat` when the id was used with another name or body
 */
export function repeatOutcome<R>(command: Command, hash: string, logged: LoggedCommand): CommandOutcome<R> {
  if (logged.hash !== hash) {
    throw new WeftError('command.conflicting-repeat', `Command ${command.id} was already used for a different request`);
  }
  return { result: logged.result as R, ...(logged.cursor ? { cursor: logged.cursor } : {}), repeated: true };
}
