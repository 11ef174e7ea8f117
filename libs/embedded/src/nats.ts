import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { natsServerProblem } from '@weft/contracts';
import { serverAccount } from './account';
import { eventually } from './eventually';
import { renderNatsConfig, type NatsUser } from './nats-config';
import { endProcess, isAlive, signalProcess } from './process-identity';
import { startTied, type TiedProcess } from './tied-process';

const run = promisify(execFile);

export const NATS_ACCOUNT = 'weft-nats';

export interface NatsOptions {
  storeDir: string;
  configFile: string;
  logFile: string;
  /** Address to listen at, default 127.0.0.1. */
  host?: string;
  port: number;
  /** Without users everybody may do everything (tests). */
  users?: readonly NatsUser[];
  /** Upper limit of what JetStream keeps; default 4 GiB. */
  maxFileBytes?: number;
}

export interface RunningNats {
  process: TiedProcess;
  version: NatsVersion;
  stop(): Promise<void>;
  kill9(): Promise<void>;
}

export interface NatsVersion {
  text: string;
  major: number;
  minor: number;
}

/** Older servers drop newer fields of a configuration or request without a word: ask what it is before asking more of it. */
export const natsVersion = async (): Promise<NatsVersion> => {
  const { stdout } = await run('nats-server', ['--version']);
  return parseNatsVersion(stdout);
};

export const parseNatsVersion = (output: string): NatsVersion => {
  const [, text, major, minor] = /v?((\d+)\.(\d+)\.\d+\S*)/.exec(output) ?? [];
  if (!text) throw new Error(`cannot read the version of nats-server from "${output.trim()}"`);
  const problem = natsServerProblem({ version: text, jetstream: true });
  if (problem) throw new Error(problem);
  return { text, major: Number(major), minor: Number(minor) };
};

export const startNatsServer = async (options: NatsOptions): Promise<RunningNats> => {
  const account = await serverAccount(NATS_ACCOUNT);
  const version = await natsVersion();
  await mkdir(options.storeDir, { recursive: true });
  await chmod(options.storeDir, 0o700);
  await mkdir(dirname(options.configFile), { recursive: true });
  await writeFile(options.configFile, renderNatsConfig(options, version), { mode: 0o600 });
  if (account) {
    await chown(options.storeDir, account.uid, account.gid);
    await chown(options.configFile, account.uid, account.gid);
  }
  const server = startTied({ command: 'nats-server', args: ['--config', options.configFile], account, logFile: options.logFile, deathSignal: 'SIGTERM' });
  await untilReady(server, options);
  return {
    process: server,
    version,
    stop: () => endProcess(server.identity, 'SIGTERM', 10_000),
    kill9: async () => {
      signalProcess(server.identity, 'SIGKILL');
      await server.exited;
    },
  };
};

/** A NATS server greets with INFO as soon as it serves; JetStream's recovery comes before that. */
const untilReady = async (server: TiedProcess, { host = '127.0.0.1', port, logFile }: NatsOptions): Promise<void> => {
  const ready = async () => (isAlive(server.identity) ? (await greets(host, port)) && 'ready' : 'ended');
  const outcome = await eventually(ready, { timeoutMs: 60_000, what: 'nats-server' });
  if (outcome === 'ready') return;
  const tail = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-5).join('\n');
  throw new Error(`nats-server did not start:\n${tail}`);
};

const greets = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(2000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('data', (data) => answer(data.toString('latin1').startsWith('INFO ')));
  });
