import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Account } from './account';
import { identify, type ProcessIdentity } from './process-identity';

export interface TiedProcessOptions {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  account?: Account;
  /** Standard output and error are appended here. */
  logFile: string;
  /** What it gets when we die, however we die. */
  deathSignal: 'SIGTERM' | 'SIGQUIT' | 'SIGINT' | 'SIGKILL';
}

export interface TiedProcess {
  identity: ProcessIdentity;
  /** Resolves when it ends; never rejects. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Starts a process that cannot outlive us: the kernel signals it when we die, even by kill -9 (prctl(2),
 * PR_SET_PDEATHSIG, set by setpriv(1) after it has changed the user, since a change of user clears it). It leads a
 * session of its own, so that Ctrl-C in our terminal reaches only us and the order of stopping stays ours.
 */
export const startTied = (options: TiedProcessOptions): TiedProcess => {
  const { account } = options;
  const identityArgs = account ? ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'] : [];
  const log = openSync(options.logFile, 'a', 0o640);
  const child = spawn('setpriv', ['--pdeathsig', options.deathSignal.replace('SIG', ''), ...identityArgs, '--', options.command, ...options.args], {
    cwd: options.cwd ?? '/',
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (!identity) throw new Error(`cannot start ${options.command}`);
  return { identity, exited };
};
