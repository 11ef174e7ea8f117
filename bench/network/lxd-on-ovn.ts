/**
 * LXD 5.0.2 as in bench/api, on the northbound and southbound database and the ovn-northd of a Weft platform, so that both use
 * the very same OVN. It gets an Open vSwitch and an ovn-controller of its own in its network namespace. Kernels without the
 * openvswitch module have no bridges of the kernel's: a script of four lines stands before ovs-vsctl and asks for userspace ones.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { endProcess, eventually, startTied, type TiedProcess } from '@weft/embedded';
import { act } from '../api/http';
import { startLxd } from '../api/lxd-peer';
import type { Target } from '../api/target';

const HTTPS_PORT = 18_445;
const ROOT = join(__dirname, '..', '..');
export const LXD_UPLINK = 'ovnup';

const OVS_VSCTL = `#!/bin/sh
for word; do [ "$last" != add-br ] || bridge=$word; last=$word; done
exec /usr/bin/ovs-vsctl "$@" \${bridge:+-- set bridge "$bridge" datapath_type=netdev}
`;
const counting = (file: string): string => `#!/bin/sh\necho >> ${file}\nexec /usr/bin/ovn-nbctl "$@"\n`;

export interface LxdOnOvn extends Target {
  /** How many times ovn-nbctl is run by LXD in `work`. */
  countCommands(work: () => Promise<unknown>): Promise<number>;
}

/** @param ovnRun directory of the platform's sockets `nb.sock` and `sb.sock` */
export const startLxdOnOvn = async (ovnRun: string): Promise<LxdOnOvn> => {
  const work = mkdtempSync('/var/tmp/weft-bench-ovs-');
  const programs = join(work, 'bin');
  mkdirSync(programs);
  const script = (name: string, text: string): void => {
    writeFileSync(join(programs, name), text);
    chmodSync(join(programs, name), 0o755);
  };
  script('ovs-vsctl', OVS_VSCTL);
  const lxd = await startLxd({ httpsPort: HTTPS_PORT, programs, environment: { OVS_RUNDIR: work } });
  const daemons: TiedProcess[] = [];
  try {
    await startSwitch(work, ovnRun, Number(lxd.namespaceOf), daemons);
    await configure(lxd, work, ovnRun);
  } catch (error) {
    await stop(lxd, daemons, work);
    throw error;
  }
  return {
    ...lxd,
    async countCommands(run) {
      const file = join(work, 'commands');
      writeFileSync(file, '');
      script('ovn-nbctl', counting(file));
      await run();
      rmSync(join(programs, 'ovn-nbctl'));
      return readFileSync(file).length;
    },
    stop: () => stop(lxd, daemons, work),
  };
};

const stop = async (lxd: Target, daemons: readonly TiedProcess[], work: string): Promise<void> => {
  await lxd.stop();
  for (const { identity } of [...daemons].reverse()) await endProcess(identity, 'SIGTERM', 5_000);
  rmSync(work, { recursive: true, force: true });
};

const startSwitch = async (dir: string, ovnRun: string, namespaceOf: number, daemons: TiedProcess[]): Promise<void> => {
  const env = { ...process.env, OVS_RUNDIR: dir, OVN_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir };
  const start = (name: string, args: readonly string[]): void => {
    const inside = [`--net=/proc/${namespaceOf}/ns/net`, name, ...args, '-vconsole:warn'];
    daemons.push(startTied({ command: 'nsenter', args: inside, env, logFile: join(dir, `${name}.log`), deathSignal: 'SIGTERM' }));
  };
  const socket = join(dir, 'db.sock');
  const database = join(dir, 'conf.db');
  const vsctl = (...command: string[]) => execa('ovs-vsctl', [`--db=unix:${socket}`, ...command]);
  await execa('ovsdb-tool', ['create', database, '/usr/share/openvswitch/vswitch.ovsschema']);
  start('ovsdb-server', [database, `--remote=punix:${socket}`, `--unixctl=${join(dir, 'ovsdb.ctl')}`]);
  await eventually(async () => (await execa('ovs-vsctl', [`--db=unix:${socket}`, '--no-wait', 'init'], { reject: false })).exitCode === 0);
  const ids = {
    'system-id': 'lxd-peer',
    hostname: 'lxd-peer',
    'ovn-remote': `unix:${join(ovnRun, 'sb.sock')}`,
    'ovn-encap-type': 'geneve',
    'ovn-encap-ip': '127.0.0.1',
    'ovn-bridge-datapath-type': 'netdev',
  };
  await vsctl('--no-wait', 'set', 'open_vswitch', '.', ...Object.entries(ids).map(([key, value]) => `external_ids:${key}="${value}"`));
  start('ovs-vswitchd', [`unix:${socket}`, '--disable-system', `--unixctl=${join(dir, 'ovs-vswitchd.ctl')}`]);
  start('ovn-controller', [`unix:${socket}`]);
  await vsctl('--timeout=30', 'wait-until', 'bridge', 'br-int');
};

const configure = async ({ endpoint }: Target, work: string, ovnRun: string): Promise<void> => {
  await act(endpoint, 'PATCH', '/1.0', { config: { 'network.ovn.northbound_connection': `unix:${join(ovnRun, 'nb.sock')}` } });
  const uplink = { 'ipv4.address': '10.50.0.1/16', 'ipv4.nat': 'false', 'ipv6.address': 'none' };
  const ranges = { 'ipv4.dhcp.ranges': '10.50.9.1-10.50.9.254', 'ipv4.ovn.ranges': '10.50.1.1-10.50.3.254' };
  await act(endpoint, 'POST', '/1.0/networks', { name: LXD_UPLINK, type: 'bridge', config: { ...uplink, ...ranges } });
  await execa('bash', [join(ROOT, 'tools/images/build-tiny.sh'), work]);
  const env = { ...process.env, LXD_DIR: join(endpoint.socketPath, '..'), LXD_CONF: join(work, 'lxc') };
  await execa('lxc', ['image', 'import', join(work, 'tiny.tar.gz'), '--alias', 'tiny'], { env });
};
