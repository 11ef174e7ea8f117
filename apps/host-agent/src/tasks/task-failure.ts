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

/** What the language throws when the code is wrong. Everything else is what programs and the system answered. */
const DEFECTS = [TypeError, RangeError, ReferenceError, SyntaxError];
const isDefect = (error: unknown): boolean => !(error instanceof Error) || error.name === 'AssertionError' || DEFECTS.some((kind) => error instanceof kind);

/**
 * The error as the control plane sees it. What qemu-img, lxc-start or the file system has to say is for the user
 * (`task.failed`); a defect (`internal`) is for the log, and shown as no more than that.
 */
export function toWeftError(error: unknown): WeftError {
  if (error instanceof WeftError) return error;
  if (isOutOfSpace(error)) return diskFull(error);
  const message = error instanceof Error ? error.message : String(error);
  return new WeftError(isDefect(error) ? 'internal' : 'task.failed', message, { cause: error });
}
