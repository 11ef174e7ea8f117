import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where things are below WEFT_DIR. */
export const places = (dir: string) => ({
  dir,
  /** Marks a directory as ours: nothing without it is ever erased. */
  marker: join(dir, '.weft'),
  /** What `start` was told last (number of members). */
  choices: join(dir, 'choices.json'),
  /** The REST API for local root; the stock client finds it with LXD_DIR. */
  unixSocket: join(dir, 'unix.socket'),
  secrets: join(dir, 'secrets'),
  log: join(dir, 'log'),
  run: join(dir, 'run'),
  ready: join(dir, 'run', 'ready'),
  supervisorPid: join(dir, 'run', 'supervisor.pid'),
  supervisorReady: join(dir, 'run', 'ready', 'supervisor'),
  postgresData: join(dir, 'postgres'),
  postgresRun: join(dir, 'run', 'postgres'),
  natsData: join(dir, 'nats'),
  natsConfig: join(dir, 'run', 'nats', 'nats.conf'),
  natsPort: join(dir, 'run', 'nats', 'port'),
  /** Which addresses the platform has chosen. */
  networkPlan: join(dir, 'network.json'),
  ovnData: join(dir, 'ovn'),
  ovnRun: join(dir, 'run', 'ovn'),
  members: join(dir, 'members'),
  logFile: (name: string) => join(dir, 'log', `${name}.log`),
  pidFile: (name: string) => join(dir, 'run', `${name}.pid`),
  readyFile: (name: string) => join(dir, 'run', 'ready', name),
  metricsFile: (name: string) => join(dir, 'run', `${name}.metrics`),
  member: (name: string) => join(dir, 'members', name),
});
export type Places = ReturnType<typeof places>;

/** 0711 lets unprivileged guests reach their own root file system below `members` and nobody list what is there. */
export const makePlaces = (at: Places): void => {
  for (const [path, mode] of [
    [at.dir, 0o711],
    [at.run, 0o711],
    [at.ready, 0o700],
    [at.secrets, 0o700],
    [at.log, 0o700],
    [at.members, 0o711],
  ] as const) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
  }
  writeFileSync(at.marker, 'State of a Weft platform; `npm run reset` erases it.\n');
};
