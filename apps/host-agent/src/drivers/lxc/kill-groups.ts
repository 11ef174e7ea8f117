import { setTimeout as delay } from 'node:timers/promises';
import type { Cgroups } from '@weft/lxc';
import { containerGroup, monitorGroup } from './container-config';

export const SIGKILL = 9;
const POLL_MS = 10;
const KILL_TIMEOUT_MS = 20_000;
/** Half a second for a monitor without a container. */
const MONITOR_TURNS = 50;

/** Kills everything that belongs to a container, frozen or not, and removes its groups; returns when nothing is left. */
export async function killGroups(cgroups: Cgroups, instanceId: string): Promise<void> {
  const [container, monitor] = [containerGroup(instanceId), monitorGroup(instanceId)];
  const deadline = performance.now() + KILL_TIMEOUT_MS;
  for (let turn = 0; performance.now() < deadline; turn += 1) {
    const inside = await cgroups.processes(container);
    const monitors = await cgroups.processes(monitor);
    if (inside.length + monitors.length === 0) break;
    inside.forEach((pid) => sendSignal(pid, SIGKILL));
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
