import { promises as fs } from 'node:fs';
import { basename } from 'node:path';

/**
 * The signal that makes this kind of init power off. Each has its own:
 *   systemd   SIGRTMIN+4 (systemd(1): "Powers off the machine, starts the poweroff.target unit")
 *   busybox   SIGUSR2 (init/init.c)
 *   others    SIGPWR, as sysvinit and upstart are told by LXC's inittab and openrc's own
 */
const SIGUSR2 = 12;
const SIGPWR = 30;
const SIGRTMIN = 34;

export function haltSignalOf(initProgram: string): number {
  const name = basename(initProgram);
  if (name === 'systemd') return SIGRTMIN + 4;
  return name === 'busybox' ? SIGUSR2 : SIGPWR;
}

/** By the program that really runs (host's pid), unless `raw.lxc` names a signal. */
export async function haltSignal(initPid: number, rawConfig: string): Promise<number> {
  const named = /^\s*lxc\.signal\.halt\s*=\s*(\S+)\s*$/m.exec(rawConfig)?.[1];
  const number = named === undefined ? undefined : signalNumber(named);
  return number ?? haltSignalOf((await fs.readlink(`/proc/${initPid}/exe`).catch(() => '')).replace(/ \(deleted\)$/, ''));
}

/** "SIGPWR", "PWR", "30" or "SIGRTMIN+3". */
export function signalNumber(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const realTime = /^(?:SIG)?RTMIN\+(\d{1,2})$/.exec(text);
  if (realTime) return SIGRTMIN + Number(realTime[1]);
  return NAMED[text.replace(/^SIG/, '')];
}

const NAMED: Readonly<Record<string, number>> = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, USR2: SIGUSR2, TERM: 15, PWR: SIGPWR };
