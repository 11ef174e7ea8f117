/**
 * A real Open vSwitch in a network namespace of its own, with a br-int that switches by itself: no ovn-controller. The
 * namespace has no name and lives as long as its processes, which end with the test process, however that ends.
 */
import { mkdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess, signalProcess, startTied, type TiedProcess } from '@weft/embedded';
import { createLogger } from '@weft/platform';
import { eventually, scratchDir } from '@weft/testing';
import { runProgram } from '../storage/vm-program';
import { HostNetwork } from './host-network';
import type { Nic } from './nic';

/** What br-int has in the namespace: guests of 192.0.2.0/24 find it at the other end of their wire. */
export const BRIDGE_ADDRESS = '192.0.2.1';

/** A guest's interface, not yet there. */
export const tapOf = (instanceId: string, change: Partial<Nic> = {}): Nic => ({
  instanceId,
  device: 'eth0',
  link: `tap${instanceId}`,
  ifaceId: `port-${instanceId}`,
  guestName: 'eth0',
  hwaddr: '00:16:3e:00:00:01',
  mtu: 1442,
  addresses: ['10.0.0.2/24'],
  ...change,
});

export interface TestSwitch {
  /** Path of the namespace. */
  netns: string;
  endpoint: string;
  network: HostNetwork;
  /** Makes the guest's tap and plugs it in. */
  plug(nic: Nic): Promise<Nic>;
  /** iface-id of every port that belongs to a guest, sorted. */
  ifaceIds(instanceId: string): Promise<string[]>;
  /** Names of the interfaces in the namespace that look like a guest's. */
  wires(): Promise<string[]>;
  /** ovs-vsctl(8), which waits for ovs-vswitchd. */
  vsctl(...args: string[]): Promise<string>;
  killSwitch(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestSwitch(): Promise<TestSwitch> {
  const scratch = await scratchDir();
  const dir = join(scratch.path, 'ovs');
  await mkdir(dir);
  const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir };
  const tied = (command: string, args: string[]): TiedProcess => startTied({ command, args, env, logFile: join(dir, 'log'), deathSignal: 'SIGKILL' });
  const keeper = tied('unshare', ['--net', '--', 'sleep', 'infinity']);
  const netns = `/proc/${keeper.identity.pid}/ns/net`;
  const own = await readlink('/proc/self/ns/net');
  await eventually(async () => (await readlink(netns)) !== own, { what: 'a network namespace' });
  const endpoint = `unix:${dir}/db.sock`;
  const within = (command: string, ...args: string[]) => tied('nsenter', [`--net=${netns}`, '--', command, ...args, '-vsyslog:off', '-vfile:off']);
  const vsctl = (...args: string[]) => runProgram('ovs-vsctl', [`--db=${endpoint}`, '--timeout=20', ...args]);
  const startSwitch = () => within('ovs-vswitchd', endpoint, `--unixctl=${dir}/vswitchd.ctl`);
  await runProgram('ovsdb-tool', ['create', `${dir}/conf.db`, '/usr/share/openvswitch/vswitch.ovsschema']);
  const database = within('ovsdb-server', `${dir}/conf.db`, `--remote=p${endpoint}`, `--unixctl=${dir}/ovsdb.ctl`);
  await eventually(() => vsctl('--no-wait', 'init').then(() => true), { what: 'ovsdb-server', timeoutMs: 20_000 });
  let vswitchd = startSwitch();
  await vsctl('--', 'add-br', 'br-int', '--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev');
  const network = new HostNetwork({ endpoint, netns, logger: createLogger('network', 'fatal') });
  await network.links.run('ip', ['address', 'add', `${BRIDGE_ADDRESS}/24`, 'dev', 'br-int']);
  await network.links.run('ip', ['link', 'set', 'dev', 'br-int', 'up']);
  return {
    netns,
    endpoint,
    network,
    vsctl,
    plug: async (nic) => {
      await network.links.makeTap(nic);
      await network.plug([nic]);
      return nic;
    },
    ifaceIds: async (instanceId) => {
      const found = await vsctl('--bare', '--columns=external_ids', '--format=json', 'find', 'Interface', `external_ids:"weft:instance"="${instanceId}"`);
      const { data } = JSON.parse(found) as { data: [[string, [string, string][]]][] };
      return data.map(([[, pairs]]) => Object.fromEntries(pairs)['iface-id']!).sort();
    },
    wires: async () => (await network.links.list()).map(({ ifname }) => ifname).filter((name) => /^(veth|tap)/.test(name)),
    killSwitch: async () => {
      signalProcess(vswitchd.identity, 'SIGKILL');
      await vswitchd.exited;
      vswitchd = startSwitch();
    },
    stop: async () => {
      await network.close();
      for (const { identity } of [vswitchd, database, keeper]) await endProcess(identity, 'SIGKILL', 5_000);
      await scratch.remove();
    },
  };
}
