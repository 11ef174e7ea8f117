/** Northbound and southbound database and ovn-northd, once per platform: ovsdb-server(1), ovn-northd(8). They end with the launcher. */
import { endProcess, eventually, isAlive, startTied, writePidFile } from '@weft/embedded';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from '../places';
import type { Service } from '../supervise/supervisor';
import { run } from './net-tools';
import { answers, ovsEnvironment, TO_STDERR } from './ovs-daemon';

export const northboundSocket = (at: Places): string => join(at.ovnRun, 'nb.sock');
export const southboundSocket = (at: Places): string => join(at.ovnRun, 'sb.sock');

export const centralServices = (at: Places): Service[] => [
  databaseService(at, 'ovn-nb', northboundSocket(at)),
  databaseService(at, 'ovn-sb', southboundSocket(at)),
  tiedDaemon(at, 'ovn-northd', ['ovn-nb', 'ovn-sb'], (control) => [
    'ovn-northd',
    `--ovnnb-db=unix:${northboundSocket(at)}`,
    `--ovnsb-db=unix:${southboundSocket(at)}`,
    `--unixctl=${control}`,
    ...TO_STDERR,
  ]),
];

const databaseService = (at: Places, name: 'ovn-nb' | 'ovn-sb', socket: string): Service => {
  const file = join(at.ovnData, `${name}.db`);
  const daemon = tiedDaemon(at, name, [], (control) => ['ovsdb-server', file, `--remote=punix:${socket}`, `--unixctl=${control}`, ...TO_STDERR], socket);
  return {
    ...daemon,
    start: async (stopped) => {
      mkdirSync(at.ovnData, { recursive: true, mode: 0o700 });
      await ensureDatabase(file, `/usr/share/ovn/${name}.ovsschema`);
      return daemon.start(stopped);
    },
  };
};

/** Made when it is missing, converted when a newer OVN brings a newer schema. */
export const ensureDatabase = async (file: string, schema: string): Promise<void> => {
  if (!existsSync(file)) await run('ovsdb-tool', ['create', file, schema]);
  else if ((await run('ovsdb-tool', ['needs-conversion', file, schema])).trim() === 'yes') await run('ovsdb-tool', ['convert', file, schema]);
};

const STOP_TIMEOUT_MS = 10_000;

const tiedDaemon = (at: Places, name: string, after: readonly string[], commandLine: (control: string) => string[], socket?: string): Service => ({
  name,
  after,
  start: async (stopped) => {
    mkdirSync(at.ovnRun, { recursive: true, mode: 0o700 });
    const control = join(at.ovnRun, `${name}.ctl`);
    const [command, ...args] = commandLine(control);
    const daemon = startTied({ command: command!, args, env: ovsEnvironment(at.ovnRun), logFile: at.logFile(name), deathSignal: 'SIGTERM' });
    writePidFile(at.pidFile(name), daemon.identity.pid);
    const stop = () => endProcess(daemon.identity, 'SIGTERM', STOP_TIMEOUT_MS);
    const ready = async () => !isAlive(daemon.identity) || stopped.aborted || (await answers(socket ?? control));
    await eventually(ready, { timeoutMs: 30_000, what: name }).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    if (!isAlive(daemon.identity)) throw new Error(`${name} ended; see ${at.logFile(name)}`);
    return { process: daemon, stop };
  },
});
