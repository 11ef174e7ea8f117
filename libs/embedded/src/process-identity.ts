import { readFileSync, renameSync, writeFileSync } from 'node:fs';
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

/** One line: pid, start time, boot id. */
export const formatIdentity = (identity: ProcessIdentity): string => `${identity.pid} ${identity.startTicks} ${identity.bootId}\n`;

/** Replaces the file in one step: a reader sees the old or the new process. */
export const writePidFile = (path: string, pid: number): void => {
  const identity = identify(pid);
  if (!identity) return;
  writeFileSync(`${path}.new`, formatIdentity(identity), { mode: 0o644 });
  renameSync(`${path}.new`, path);
};

/** The living process that a pid file names; undefined when it is gone, reused or from before a reboot. */
export const readPidFile = (path: string): ProcessIdentity | undefined => {
  const [pid, startTicks, bootOfThen] = readText(path)?.split(' ') ?? [];
  if (!pid || !startTicks || !bootOfThen) return undefined;
  const identity = { pid: Number(pid), startTicks, bootId: bootOfThen };
  return isAlive(identity) ? identity : undefined;
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
