import { setTimeout as delay } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import type { Cgroups } from '@weft/lxc';
import { containerGroup, monitorGroup } from './container-config';

export const SIGKILL = 9;
const POLL_MS = 10;
const KILL_TIMEOUT_MS = 20_000;
/** Half a second for a monitor without a container. */
const MONITOR_TURNS = 50;

/**
 * Kills everything that belongs to a container, frozen or not, half started or not, and removes its groups; returns
 * when nothing is left. `starting` finds what has no group yet.
 * @throws WeftError task.failed when a process outlives SIGKILL: then nothing else may run in its place
 */
export async function killGroups(cgroups: Cgroups, instanceId: string, starting: () => Promise<readonly number[]>): Promise<void> {
  const [container, monitor] = [containerGroup(instanceId), monitorGroup(instanceId)];
  const deadline = performance.now() + KILL_TIMEOUT_MS;
  for (let turn = 0; ; turn += 1) {
    const inside = await cgroups.processes(container);
    const monitors = await cgroups.processes(monitor);
    // That looks through all of /proc: first, and once more when nothing else is left.
    const isLastLook = inside.length + monitors.length === 0;
    const outside = turn === 0 || isLastLook ? (await starting()).filter((pid) => !monitors.includes(pid)) : [];
    const left = [...outside, ...inside, ...monitors];
    if (left.length === 0) break;
    if (performance.now() > deadline) throw new WeftError('task.failed', `Processes of the instance cannot be killed: ${left.join(', ')}`);
    [...outside, ...inside].forEach((pid) => sendSignal(pid, SIGKILL));
    await cgroups.thaw(container);
    // The monitor ends by itself when its container has; it tidies up then.
    if (inside.length === 0 && turn > MONITOR_TURNS) monitors.forEach((pid) => sendSignal(pid, SIGKILL));
    await delay(POLL_MS);
  }
  await cgroups.remove(container);
  await cgroups.remove(monitor);
}

/** To one process that may have ended; 0 and below name groups (kill(2)) and are nobody here. */
export function sendSignal(pid: number, signal: number): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone by itself.
  }
}
