/** Sorts what can go wrong in an append into what the caller does next. */
import { DatabaseError } from 'pg';
import { WeftError } from '@weft/contracts';
import { COMMAND_REPEATED, STREAM_MOVED } from '../schema/append-function';
import { ConstraintViolation } from '../types';

/** Streams changed since they were loaded: load again and decide again. */
export class StreamsMoved extends Error {
  constructor(readonly streams: readonly string[]) {
    super('streams moved');
  }
}

/** These commands are in the log already: return what is stored. */
export class CommandsRepeated extends Error {
  constructor(readonly commandIds: readonly string[]) {
    super('commands repeated');
  }
}

/** Nothing was written, and the same unit may well succeed now (deadlock, serialization failure). */
export class TransientFailure extends Error {}

/** Nobody knows whether the transaction committed: ask the command log. */
export class OutcomeUnknown extends Error {}

const TRANSIENT = new Set(['40001', '40P01', '55P03']);
const TEXT_REFUSED = new Set(['22021', '22P05']);

/** Errors of the server's own going: shutdown, crash, start-up (PostgreSQL manual, appendix A, class 57 and 08). */
const isServerGone = (code: string): boolean => code.startsWith('57P') || code.startsWith('08') || code === '53300';

/** @param commandId the command of a single append, which finds its repeat by the log's primary key */
export function appendError(error: unknown, commandId: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof StreamsMoved) return error;
  if (!(error instanceof DatabaseError) || error.code === undefined)
    return isConnectionError(error) ? new OutcomeUnknown('connection lost', { cause: error }) : error;
  const { code, detail } = error;
  if (code === STREAM_MOVED) return new StreamsMoved(JSON.parse(detail ?? '[]') as string[]);
  if (code === COMMAND_REPEATED) return new CommandsRepeated(JSON.parse(detail ?? '[]') as string[]);
  if (code === '23505' && error.constraint === 'command_log_pkey') return new CommandsRepeated([commandId]);
  if (code.startsWith('23')) return new ConstraintViolation(error.constraint ?? error.column ?? code, detail ?? error.message, { cause: error });
  if (TRANSIENT.has(code)) return new TransientFailure(error.message, { cause: error });
  if (TEXT_REFUSED.has(code)) return new WeftError('request.invalid', 'Text must not contain NUL or broken characters', { cause: error });
  if (isServerGone(code)) return new OutcomeUnknown(error.message, { cause: error });
  return error;
}

/** node-postgres reports a broken connection as a plain Error with a system code or one of a few sentences. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseError) return error.code !== undefined && isServerGone(error.code);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOST|ENET)/.test(code)) return true;
  return /connection (terminated|ended|timeout)|not queryable|timeout exceeded when trying to connect|Client was closed/i.test(error.message);
}
