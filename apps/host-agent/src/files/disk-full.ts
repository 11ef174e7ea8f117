import { WeftError } from '@weft/contracts';

const FULL_ERRNOS = new Set(['ENOSPC', 'EDQUOT']);

/** What programs say of a full disk; they share no exit code for it. */
export const SAYS_DISK_FULL = /no space left on device|disk quota exceeded/i;

/** A file system call found no room (errno(3)). */
export const isOutOfSpace = (error: unknown): boolean => error instanceof Error && 'code' in error && FULL_ERRNOS.has(String(error.code));

export const diskFull = (cause?: unknown): WeftError =>
  new WeftError('disk.full', 'The disk of this host is full: delete instances, snapshots or images that nobody needs, or make it larger, and try again', {
    cause,
  });
