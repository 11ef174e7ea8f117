/**
 * A process that outlives the launcher, because guests need it as long as they run: it is found again by its pid file
 * and kept running, but only `down` ends it.
 *
 *   start: pid file names a living process --> adopted
 *          otherwise                       --> started in a session of its own
 */
import { endProcess, eventually, identify, isAlive, readPidFile, writePidFile, type ProcessIdentity, type TiedProcess } from '@weft/embedded';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { RunningService } from './supervisor';

export interface SurvivorOptions {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  pidFile: string;
  /** Does it serve? An exception counts as no. */
  serves(pid: number): Promise<boolean>;
  readyTimeoutMs?: number;
}

const READY_TIMEOUT_MS = 30_000;
/** Nobody tells us of the end of a process that is not our child. */
const LOOK_EVERY_MS = 250;

export const startSurvivor = async (options: SurvivorOptions, stopped: AbortSignal): Promise<RunningService> => {
  const identity = readPidFile(options.pidFile) ?? launch(options);
  const outcome = await eventually(
    async () => {
      if (!isAlive(identity)) return 'ended';
      if (stopped.aborted) return 'stopped';
      return (await options.serves(identity.pid)) && 'ready';
    },
    { timeoutMs: options.readyTimeoutMs ?? READY_TIMEOUT_MS, what: options.name },
  ).catch(() => 'silent');
  if (outcome === 'ended' || outcome === 'silent') {
    // One that hangs is of no use to any guest.
    await endProcess(identity, 'SIGKILL', 5_000);
    throw new Error(`${options.name} ${outcome === 'ended' ? 'ended' : 'does not answer'}; see ${options.logFile}`);
  }
  return watch(identity);
};

const launch = ({ command, args, env, logFile, pidFile, name }: SurvivorOptions): ProcessIdentity => {
  const log = openSync(logFile, 'a', 0o640);
  const child = spawn(command, args, { cwd: '/', env, stdio: ['ignore', log, log], detached: true });
  child.once('error', () => undefined);
  child.unref();
  closeSync(log);
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (!identity) throw new Error(`cannot start ${name} (${command})`);
  writePidFile(pidFile, identity.pid);
  return identity;
};

const watch = (identity: ProcessIdentity): RunningService => {
  let leave = (): void => undefined;
  const exited = new Promise<Awaited<TiedProcess['exited']>>((resolve) => {
    const looking = setInterval(() => {
      if (!isAlive(identity)) leave();
    }, LOOK_EVERY_MS);
    leave = () => {
      clearInterval(looking);
      resolve({ code: null, signal: null });
    };
  });
  return { process: { identity, exited }, stop: () => Promise.resolve(leave()) };
};
