/** Servers to compare with, each with one worker and the same zone: Knot and NSD of Debian, and ours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess, eventually, freePort, serverAccount, startTied } from '@weft/embedded';
import { scratchDir } from '@weft/testing';
import { tool } from '../../libs/dns/src/testing/serve';
import { BENCH_ZONE, zoneFile } from './bench-zone';

export interface Primary {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Serves another serial, one record of which is new. */
  change?(): Promise<void>;
  stop(): Promise<void>;
}

const knotConfig = (directory: string, port: number): string => `
server:
  rundir: ${directory}
  listen: 127.0.0.1@${port}
  pidfile: ${directory}/pid
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: ${directory}
acl:
  - id: all
    address: 127.0.0.1
    action: transfer
zone:
  - domain: ${BENCH_ZONE}
    storage: ${directory}
    file: zone
    acl: all
`;

const nsdConfig = (directory: string, port: number): string => `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  pidfile: "${directory}/pid"
  database: ""
  zonesdir: "${directory}"
  xfrdir: "${directory}"
  zonelistfile: "${directory}/zone.list"
  xfrdfile: "${directory}/xfrd.state"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: ${BENCH_ZONE}
  zonefile: zone
  provide-xfr: 127.0.0.1 NOKEY
`;

const PROGRAMS = {
  Knot: { command: '/usr/sbin/knotd', args: ['-c'], config: knotConfig },
  NSD: { command: '/usr/sbin/nsd', args: ['-d', '-c'], config: nsdConfig },
};

const untilServes = (port: number, name: string): Promise<unknown> =>
  eventually(async () => (await tool('dig', ['@127.0.0.1', '-p', String(port), BENCH_ZONE, 'SOA', '+short', '+time=1', '+tries=1'])).includes('hostmaster'), {
    timeoutMs: 60_000,
    what: `${name} to serve the zone`,
  });

export const startPeer = async (name: 'Knot' | 'NSD', records: number): Promise<Primary> => {
  const scratch = await scratchDir();
  const account = await serverAccount('weft-nameserver');
  const directory = join(scratch.path, name);
  const port = await freePort();
  mkdirSync(directory);
  writeFileSync(join(directory, 'zone'), zoneFile(records));
  writeFileSync(join(directory, 'conf'), PROGRAMS[name].config(directory, port));
  if (account) await chown(directory, account.uid, account.gid);
  const { command, args } = PROGRAMS[name];
  const child = startTied({
    command,
    args: [...args, join(directory, 'conf')],
    account,
    cwd: directory,
    logFile: join(directory, 'log'),
    deathSignal: 'SIGKILL',
  });
  await untilServes(port, name);
  return {
    name,
    port,
    pid: child.identity.pid,
    stop: async () => {
      await endProcess(child.identity, 'SIGTERM', 10_000);
      await scratch.remove();
    },
  };
};

export const startWeft = async (records: number): Promise<Primary> => {
  const child = spawn(process.execPath, ['-r', join(__dirname, '../../libs/testing/source-hook.cjs'), join(__dirname, 'weft-primary.ts'), String(records)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  await untilServes(port, 'Weft');
  return {
    name: 'Weft',
    port,
    pid: Number(child.pid),
    change: async () => {
      const changed = once(child.stdout, 'data');
      child.stdin.write('\n');
      await changed;
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
};
