import { freePort, startNatsServer, type NatsUser, type RunningNats } from '@weft/embedded';
import { join } from 'node:path';
import { retryOnLostPort } from './lost-port';
import { scratchDir } from './scratch';

export interface TestNats {
  /** Stays the same over `restart`. */
  url: string;
  /** Of the server process that runs now. */
  readonly pid: number;
  /** JetStream's files; copy, replace or delete them while the server is down. */
  storeDir: string;
  logFile: string;
  kill9(): Promise<void>;
  /** Starts again on the same store and port; stops first when it runs. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real nats-server of your own with JetStream. Gone when this process is gone. */
export const startNats = async (options: { users?: readonly NatsUser[] } = {}): Promise<TestNats> => {
  const scratch = await scratchDir();
  const place = { storeDir: join(scratch.path, 'store'), configFile: join(scratch.path, 'nats.conf'), logFile: join(scratch.path, 'nats.log') };
  const start = (port: number) => startNatsServer({ ...place, ...options, port });
  const { port, server } = await retryOnLostPort(async () => {
    const candidate = await freePort();
    return { port: candidate, server: await start(candidate) };
  });
  let running: RunningNats = server;
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return running.process.identity.pid;
    },
    storeDir: place.storeDir,
    logFile: place.logFile,
    kill9: () => running.kill9(),
    restart: async () => {
      await running.stop();
      running = await start(port);
    },
    stop: async () => {
      await running.stop();
      await scratch.remove();
    },
  };
};
