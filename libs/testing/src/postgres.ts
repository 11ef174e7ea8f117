import { freePort, releaseSharedMemory, startPostgresServer, SUPERUSER, type RunningPostgres } from '@weft/embedded';
import { join } from 'node:path';
import { Client } from 'pg';
import { retryOnLostPort } from './lost-port';
import { scratchDir } from './scratch';

export interface TestPostgres {
  /** Superuser, database `weft`, TCP on 127.0.0.1. Stays the same over `restart`. */
  url: string;
  /** The same over the unix socket. */
  socketUrl: string;
  /** Of the server process that runs now. */
  readonly pid: number;
  dataDir: string;
  logFile: string;
  kill9(): Promise<void>;
  /** Starts again on the same data and port; stops first when it runs. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real, empty Postgres of your own with fsync on. Gone when this process is gone. */
export const startPostgres = async (options: { settings?: Record<string, string> } = {}): Promise<TestPostgres> => {
  const scratch = await scratchDir();
  const place = { dataDir: join(scratch.path, 'data'), socketDir: join(scratch.path, 'run'), logFile: join(scratch.path, 'postgres.log') };
  const start = (port: number) => startPostgresServer({ ...place, port, settings: { shared_buffers: '64MB', ...options.settings } });
  const { port, server } = await retryOnLostPort(async () => {
    const candidate = await freePort();
    return { port: candidate, server: await start(candidate) };
  });
  let running: RunningPostgres = server;
  await createDatabase(`postgres://${SUPERUSER}@127.0.0.1:${port}/postgres`);
  return {
    url: `postgres://${SUPERUSER}@127.0.0.1:${port}/weft`,
    socketUrl: `postgres://${SUPERUSER}@/weft?host=${encodeURIComponent(place.socketDir)}&port=${port}`,
    get pid() {
      return running.process.identity.pid;
    },
    dataDir: place.dataDir,
    logFile: place.logFile,
    kill9: () => running.kill9(),
    restart: async () => {
      await running.stop();
      running = await start(port);
    },
    stop: async () => {
      await running.stop();
      await releaseSharedMemory(place.dataDir);
      await scratch.remove();
    },
  };
};

const createDatabase = async (url: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE DATABASE weft');
  await client.end();
};
