/**
 * Core scheduling: two threads of one processor core share its caches and buffers, so a guest could read what its
 * neighbour does. With a cookie of its own, a guest shares a core with nobody else. See docs/adr/0015.
 *
 *   security.core_scheduling   host can   host has one thread for each core   host cannot
 *   (unset)                    isolated   nothing to isolate                  not isolated, shown
 *   true                       isolated   nothing to isolate                  does not start
 *   false                      not isolated, everywhere
 */
import { readdir } from 'node:fs/promises';
import { type CoreSchedulingState, type Heartbeat, type InstanceSpec, WeftError } from '@weft/contracts';
import { isTrue } from '../drivers/config-flag';
import { coreCookie, createCoreCookie, PrctlError } from './prctl';

export type CoreSchedulingSupport = NonNullable<Heartbeat['resources']['coreScheduling']>;

/** What this host can. It is the same until the host boots again, so it is asked once. */
export function detectCoreScheduling(ask: () => bigint = () => coreCookie(0)): CoreSchedulingSupport {
  try {
    ask();
    return { available: true };
  } catch (error) {
    if (!(error instanceof PrctlError)) return unavailable('no-binding', `prctl(2) cannot be called: ${(error as Error).message.split('\n')[0]}`);
    if (error.code === 'EINVAL') return unavailable('no-kernel', 'The kernel is built without CONFIG_SCHED_CORE');
    if (error.code === 'ENODEV') return unavailable('no-siblings', 'Each processor core has one thread: guests share none');
    return unavailable('refused', `The kernel refuses it: ${error.message}`);
  }
}

const unavailable = (reason: NonNullable<CoreSchedulingSupport['reason']>, detail: string): CoreSchedulingSupport => ({ available: false, reason, detail });

/** liblxc gives a container its cookie, and everything that is attached later; it can since 4.0.11 (`lxc.sched.core`). */
export function containerCoreScheduling(support: CoreSchedulingSupport, liblxcVersion: string): CoreSchedulingSupport {
  const [major = 0, minor = 0, patch = 0] = liblxcVersion.split('.').map(Number);
  const can = major > 4 || (major === 4 && (minor > 0 || patch >= 11));
  return can || !support.available ? support : unavailable('no-liblxc', `liblxc ${liblxcVersion} has no lxc.sched.core: it came with 4.0.11`);
}

/**
 * Whether the guest is to be isolated on a host like this.
 * @throws WeftError member.none-suitable where it must be and cannot be
 */
export function wantsCoreScheduling({ config }: Pick<InstanceSpec, 'config'>, { available, reason, detail }: CoreSchedulingSupport): boolean {
  const wanted = config['security.core_scheduling'];
  if (wanted && !isTrue(wanted)) return false;
  if (available || !wanted || reason === 'no-siblings') return available;
  throw new WeftError(
    'member.none-suitable',
    `security.core_scheduling is true, and this host cannot do it. ${detail ?? ''}. Unset the key to run the instance with what the host has`,
  );
}

/**
 * Isolates a process with all of its threads, and those that it will make. @throws WeftError task.failed, with the kernel's word
 */
export function isolateProcess(pid: number): void {
  try {
    createCoreCookie(pid);
  } catch (error) {
    throw new WeftError('task.failed', `The guest cannot be isolated: ${(error as Error).message}`, { cause: error });
  }
}

/** How a guest that runs is isolated; `pid`: QEMU, or a container's init, whose cookie everything in it has. */
export async function coreSchedulingState(pid: number, spec: Pick<InstanceSpec, 'config'>, support: CoreSchedulingSupport): Promise<CoreSchedulingState> {
  const threads = (await readdir(`/proc/${pid}/task`).catch(() => [])).map(Number);
  if (!support.available) return { active: false, threads: threads.length, isolated: 0, reason: support.reason };
  const cookies = threads.flatMap((thread) => cookieOfLiving(thread) ?? []);
  const own = cookies[0] ?? 0n;
  const isolated = own === 0n ? 0 : cookies.filter((cookie) => cookie === own).length;
  const off = spec.config['security.core_scheduling'];
  return {
    active: cookies.length > 0 && isolated === cookies.length,
    threads: cookies.length,
    isolated,
    ...(isolated === 0 && off && !isTrue(off) ? { reason: 'off' as const } : {}),
  };
}

/** Threads may end while they are counted. */
function cookieOfLiving(thread: number): bigint | undefined {
  try {
    return coreCookie(thread);
  } catch (error) {
    if (error instanceof PrctlError && error.code === 'ESRCH') return undefined;
    throw error;
  }
}
