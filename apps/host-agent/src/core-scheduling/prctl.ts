/**
 * prctl(PR_SCHED_CORE), of which Node has no word: a call of libc through koffi.
 *
 * Source: Documentation/admin-guide/hw-vuln/core-scheduling.rst of the kernel, prctl(2); numbers of linux/prctl.h.
 *
 *   prctl(PR_SCHED_CORE = 62, what, pid, scope, &cookie)
 *     what   0 GET (one thread)   1 CREATE a cookie and give it to all of the scope
 *     scope  0 a thread           1 its thread group, in one step: a thread that is being made gets it too
 *
 * Two threads share a core only when their cookies are alike (0: none). Children and new threads have their maker's.
 */
import { createRequire } from 'node:module';
import type koffi from 'koffi';

const PR_SCHED_CORE = 62;
const GET = 0;
const CREATE = 1;
const ONE_THREAD = 0;
const THREAD_GROUP = 1;

/** errno by its name, "EINVAL"; `message` says which call it was. */
export class PrctlError extends Error {
  constructor(
    readonly code: string,
    call: string,
  ) {
    super(`prctl(PR_SCHED_CORE, ${call}): ${code}`);
  }
}

interface Libc {
  prctl(option: number, what: number, pid: number, scope: number, cookie: Buffer | null): number;
  /** The name of the last call's errno. */
  errno(): string;
}
let loaded: Libc | undefined;

/**
 * When it is needed, not when this file is read: an agent without the binary for its machine works all the same.
 * @throws Error where koffi, its binary or the library cannot be loaded
 */
function load(): Libc {
  const library = createRequire(__filename)('koffi') as typeof koffi;
  const prctl = library.load('libc.so.6').func('int prctl(int option, unsigned long what, unsigned long pid, unsigned long scope, void *cookie)');
  const nameOf = (errno: number) => Object.entries(library.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  return { prctl: (...args) => Number(prctl(...args)), errno: () => nameOf(library.errno()) };
}

function call(name: string, what: number, pid: number, scope: number, cookie: Buffer | null): void {
  loaded ??= load();
  if (loaded.prctl(PR_SCHED_CORE, what, pid, scope, cookie) !== 0) throw new PrctlError(loaded.errno(), `${name}, ${pid}`);
}

/**
 * The cookie of a thread, 0n for none. The kernel hashes it: good for comparing, no address.
 * @throws PrctlError EINVAL: not in this kernel; ENODEV: one thread for each core; ESRCH: no such thread
 */
export function coreCookie(threadId: number): bigint {
  const cookie = Buffer.alloc(8);
  call('GET', GET, threadId, ONE_THREAD, cookie);
  return cookie.readBigUInt64LE();
}

/** A cookie of its own for every thread of a process. @throws PrctlError as `coreCookie` */
export const createCoreCookie = (pid: number): void => call('CREATE', CREATE, pid, THREAD_GROUP, null);
