import { WeftError } from '@weft/contracts';
import { SessionError } from '@weft/session';
import { diskFull, isOutOfSpace } from '../files/disk-full';

/** Attempts at a task that fails in a way that may pass. */
export const MAX_ATTEMPTS = 3;

const PASSING_ERRNOS = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETIMEDOUT', 'ECONNREFUSED', 'ECONNRESET']);

const errno = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');

/**
 * May the same attempt succeed a little later? A `WeftError` is an answer and final; a broken connection or a
 * shortage of the moment is not.
 */
export const isRetryable = (error: unknown): boolean => !(error instanceof WeftError) && (error instanceof SessionError || PASSING_ERRNOS.has(errno(error)));

/** The error as the control plane sees it. */
export function toWeftError(error: unknown): WeftError {
  if (error instanceof WeftError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isOutOfSpace(error)) return diskFull(error);
  return new WeftError(isRetryable(error) ? 'task.failed' : 'internal', message, { cause: error });
}
