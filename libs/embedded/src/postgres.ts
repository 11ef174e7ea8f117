import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverAccount, type Account } from './account';
import { cached } from './cache';
import { eventually } from './eventually';
import { postgresBinaries } from './postgres-binaries';
import { childrenOf, endProcess, isAlive, signalProcess } from './process-identity';
import { startTied, type TiedProcess } from './tied-process';

const run = promisify(execFile);

export const POSTGRES_ACCOUNT = 'weft-postgres';
export const SUPERUSER = 'weft';

export interface PostgresOptions {
  /** Made and initialised when it does not exist. */
  dataDir: string;
  /** Directory of the unix socket; its path must stay under about 90 bytes. */
  socketDir: string;
  logFile: string;
  /** TCP port of 127.0.0.1; without one it listens on the unix socket only (as port 5432). */
  port?: number;
  settings?: Readonly<Record<string, string>>;
}

export interface RunningPostgres {
  process: TiedProcess;
  /** Fast shutdown: ends sessions, writes a checkpoint. */
  stop(): Promise<void>;
  /** The server and every backend at once, as a power cut would. */
  kill9(): Promise<void>;
}

/** Starts Postgres on `dataDir` and resolves when it accepts connections (after crash recovery, if any). */
export const startPostgresServer = async (options: PostgresOptions): Promise<RunningPostgres> => {
  const account = await serverAccount(POSTGRES_ACCOUNT);
  const binaries = await postgresBinaries();
  await prepareDataDir(options.dataDir, binaries, account);
  await ownDirectory(options.socketDir, 0o755, account);
  const server = startTied({
    command: join(binaries, 'bin', 'postgres'),
    args: ['-D', options.dataDir, ...Object.entries(serverSettings(options)).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    account,
    logFile: options.logFile,
    deathSignal: 'SIGQUIT',
  });
  await untilReady(server, options);
  return {
    process: server,
    stop: () => endProcess(server.identity, 'SIGINT', 20_000),
    kill9: async () => {
      const everyone = [server.identity, ...childrenOf(server.identity.pid)];
      for (const victim of everyone) signalProcess(victim, 'SIGKILL');
      await eventually(() => !everyone.some(isAlive), { what: 'the end of Postgres' });
    },
  };
};

const serverSettings = (options: PostgresOptions): Record<string, string> => ({
  listen_addresses: options.port ? '127.0.0.1' : '',
  port: String(options.port ?? 5432),
  unix_socket_directories: options.socketDir,
  unix_socket_permissions: '0777',
  max_connections: '200',
  shared_buffers: '128MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  ...options.settings,
});

/** A data directory appears whole or not at all: a start that was killed half-way leaves none. */
const prepareDataDir = async (dataDir: string, binaries: string, account: Account | undefined): Promise<void> => {
  if (existsSync(join(dataDir, 'PG_VERSION'))) return;
  const template = await clusterTemplate(binaries, account);
  const draft = `${dataDir}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, '..'), { recursive: true });
  await run('cp', ['--archive', '--reflink=auto', template, draft]);
  await run('sync', ['--file-system', draft]);
  await rename(draft, dataDir);
};

/** initdb takes seconds, a copy of what it made a tenth of one. */
const clusterTemplate = (binaries: string, account: Account | undefined): Promise<string> => {
  const owner = account?.uid ?? process.getuid?.() ?? 0;
  return cached(`${binaries.split('/').pop()}-cluster-1-uid${owner}`, async (dir) => {
    await ownDirectory(dir, 0o700, account);
    const args = ['-D', dir, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--locale-provider=builtin', '--no-sync'];
    await run(join(binaries, 'bin', 'initdb'), args, { uid: account?.uid, gid: account?.gid, cwd: '/' });
  });
};

const ownDirectory = async (dir: string, mode: number, account: Account | undefined): Promise<void> => {
  await mkdir(dir, { recursive: true });
  await chmod(dir, mode);
  if (account) await chown(dir, account.uid, account.gid);
};

/** postmaster.pid, line 8: "ready" (what pg_ctl waits for too); line 1 tells a left-over file from ours. */
const untilReady = async (server: TiedProcess, { dataDir, logFile }: PostgresOptions): Promise<void> => {
  const ready = async () => {
    if (!isAlive(server.identity)) return 'ended';
    const lines = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8')).split('\n');
    return Number(lines[0]) === server.identity.pid && lines[7]?.trim() === 'ready' && 'ready';
  };
  const outcome = await eventually(ready, { timeoutMs: 60_000, what: 'Postgres' });
  if (outcome === 'ready') return;
  const tail = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-5).join('\n');
  throw new Error(`Postgres did not start:\n${tail}`);
};

/**
 * Only for a data directory that is being thrown away: after a kill -9 its small System V segment would stay behind for
 * ever. (Otherwise the next start reuses it, and sees by it whether old backends still run: never take it away then.)
 * postmaster.pid, line 7: key and id.
 */
export const releaseSharedMemory = async (dataDir: string): Promise<void> => {
  const lines = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const [key, id] = lines[6]?.trim().split(/\s+/) ?? [];
  if (!key || !id || existsSync(`/proc/${lines[0]}`)) return;
  await run('ipcrm', ['--shmem-id', id]).catch(() => undefined);
};
