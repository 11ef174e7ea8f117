import { readFileSync, writeFileSync } from 'node:fs';
import { eventually } from './eventually';

/** A process by more than its number, which the kernel reuses: proc(5), field 22 of stat, in clock ticks since boot. */
export interface ProcessIdentity {
  pid: number;
  startTicks: string;
  bootId: string;
}

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
};

const bootId = (): string => readText('/proc/sys/kernel/random/boot_id') ?? '';

/** State letter and start time. The command name (field 2) may hold blanks and brackets: count from its end. */
const stat = (pid: number): { state: string; parent: number; startTicks: string } | undefined => {
  const text = readText(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields ? { state: fields[0]!, parent: Number(fields[1]), startTicks: fields[19]! } : undefined;
};

/** Undefined when no such process lives (a zombie does not). */
export const identify = (pid: number): ProcessIdentity | undefined => {
  const found = stat(pid);
  return found && found.state !== 'Z' ? { pid, startTicks: found.startTicks, bootId: bootId() } : undefined;
};

export const isAlive = (identity: ProcessIdentity): boolean => {
  const now = identify(identity.pid);
  return now?.startTicks === identity.startTicks && now.bootId === identity.bootId;
};

export const writePidFile = (path: string, pid: number): void => {
  const identity = identify(pid);
  if (identity) writeFileSync(path, `${JSON.stringify(identity)}\n`, { mode: 0o644 });
};

/** The living process that a pid file names; undefined when it is gone, reused or from before a reboot. */
export const readPidFile = (path: string): ProcessIdentity | undefined => {
  try {
    const identity = JSON.parse(readText(path) ?? '') as ProcessIdentity;
    return isAlive(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
};

/** Direct children, from the kernel's own list. */
export const childrenOf = (pid: number): ProcessIdentity[] =>
  (readText(`/proc/${pid}/task/${pid}/children`) ?? '')
    .split(' ')
    .filter(Boolean)
    .flatMap((child) => identify(Number(child)) ?? []);

export const signalProcess = (identity: ProcessIdentity, signal: NodeJS.Signals): void => {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
};

/** Sends `signal`, waits, and kills when the time is over. Resolves when the process is gone. */
export const endProcess = async (identity: ProcessIdentity, signal: NodeJS.Signals, timeoutMs: number): Promise<void> => {
  signalProcess(identity, signal);
  const gone = () => !isAlive(identity);
  await eventually(gone, { timeoutMs }).catch(() => signalProcess(identity, 'SIGKILL'));
  await eventually(gone, { timeoutMs: 10_000, what: `end of process ${identity.pid}` });
};
