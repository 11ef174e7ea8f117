/**
 * A member's own Open vSwitch and ovn-controller, in its network namespace: ovs-vswitchd(8), ovn-controller(8).
 *
 *   ovsdb-<member>  <--  ovs-<member>  <--  ovn-controller-<member>  (and ovn-sb)
 *
 * Guests' packets go through them, so they outlive the launcher.
 */
import { endProcess, readPidFile } from '@weft/embedded';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from '../places';
import { startSurvivor } from '../supervise/survivor';
import type { Service } from '../supervise/supervisor';
import { inside, ip, run } from './net-tools';
import { FABRIC_MTU, TUNNEL_BRIDGE, UPLINK_BRIDGE, UPLINK_NAME, UPLINK_PARENT, type MemberPlan, type Network } from './network-plan';
import { ensureDatabase, southboundSocket } from './ovn-central';
import { answers, ovsEnvironment, TO_STDERR } from './ovs-daemon';

export const switchDir = (at: Places, member: string): string => join(at.ovnRun, member);
export const switchSocket = (at: Places, member: string): string => join(switchDir(at, member), 'db.sock');
export const switchName = (member: string): string => `ovs-${member}`;
export const controllerName = (member: string): string => `ovn-controller-${member}`;

export const switchServices = (at: Places, network: Network, member: MemberPlan): Service[] => {
  const dir = switchDir(at, member.name);
  const socket = switchSocket(at, member.name);
  const control = (program: string) => join(dir, `${program}.ctl`);
  const daemon = (name: string, after: readonly string[], [program, ...args]: string[], socketOf: (pid: number) => string): Service => ({
    name,
    after,
    start: (stopped) => {
      const [command, words] = inside(member.namespace, program!, [...args, ...TO_STDERR]);
      const files = { logFile: at.logFile(name), pidFile: join(dir, `${name}.pid`) };
      return startSurvivor({ name, command, args: words, env: ovsEnvironment(dir), ...files, serves: (pid) => answers(socketOf(pid)) }, stopped);
    },
  });
  const name = { database: `ovsdb-${member.name}`, switch: switchName(member.name), controller: controllerName(member.name) };
  const store = daemon(
    name.database,
    [],
    ['ovsdb-server', join(dir, 'conf.db'), `--remote=punix:${socket}`, `--unixctl=${control('ovsdb-server')}`],
    () => socket,
  );
  const vswitchd = daemon(name.switch, [name.database], ['ovs-vswitchd', `unix:${socket}`, `--unixctl=${control('ovs-vswitchd')}`], () =>
    control('ovs-vswitchd'),
  );
  // OVN 23.03 lets nobody choose the name of this one's control socket.
  const controller = daemon(name.controller, [name.switch, 'ovn-sb'], ['ovn-controller', `unix:${socket}`], (pid) => control(`ovn-controller.${pid}`));
  return [
    { ...store, start: (stopped) => prepareDatabase(dir).then(() => store.start(stopped)) },
    {
      ...vswitchd,
      start: async (stopped) => {
        await configure(at, network, member);
        const running = await vswitchd.start(stopped);
        await connectFabric(at, network, member);
        return running;
      },
    },
    controller,
  ];
};

const prepareDatabase = async (dir: string): Promise<void> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await ensureDatabase(join(dir, 'conf.db'), '/usr/share/openvswitch/vswitch.ovsschema');
};

/** A namespace that is new has none of the interfaces that an older database names. */
export const forgetSwitch = (at: Places, member: string): void => rmSync(switchDir(at, member), { recursive: true, force: true });

/** Of every member that has ever been here. */
export const endSwitches = async (at: Places): Promise<void> => {
  const members = existsSync(at.ovnRun) ? readdirSync(at.ovnRun, { withFileTypes: true }).filter((entry) => entry.isDirectory()) : [];
  await Promise.all(members.map(({ name }) => endSwitch(at, name)));
};

export const endSwitch = async (at: Places, member: string): Promise<void> => {
  const dir = switchDir(at, member);
  if (!existsSync(dir)) return;
  const alive = readdirSync(dir).flatMap((name) => (name.endsWith('.pid') ? (readPidFile(join(dir, name)) ?? []) : []));
  await Promise.all(alive.map((daemon) => endProcess(daemon, 'SIGTERM', STOP_TIMEOUT_MS)));
};

const STOP_TIMEOUT_MS = 5_000;

const vsctl = async (at: Places, member: MemberPlan, options: readonly string[], commands: readonly string[][]): Promise<void> => {
  const words = commands.flatMap((command) => ['--', ...command]);
  await run('ovs-vsctl', [`--db=unix:${switchSocket(at, member.name)}`, '--timeout=30', ...options, ...words]);
};

/** Before ovs-vswitchd runs, so that its first look is right. */
const configure = (at: Places, { datapath }: Network, member: MemberPlan): Promise<void> => {
  const ids = {
    'system-id': member.name,
    hostname: member.name,
    'ovn-remote': `unix:${southboundSocket(at)}`,
    'ovn-encap-type': 'geneve',
    'ovn-encap-ip': member.tunnelAddress,
    'ovn-bridge-datapath-type': datapath,
  };
  const bridge = (name: string, port: string) => [
    ['--may-exist', 'add-br', name],
    ['set', 'Bridge', name, `datapath_type=${datapath}`],
    ['--may-exist', 'add-port', name, port],
  ];
  return vsctl(at, member, ['--no-wait'], [
    ['init'],
    ['set', 'Open_vSwitch', '.', ...Object.entries(ids).map(([key, value]) => `external_ids:${key}=${JSON.stringify(value)}`)],
    ...bridge(TUNNEL_BRIDGE, 'fabric0'),
    ...bridge(UPLINK_BRIDGE, UPLINK_PARENT),
    ['set', 'Interface', TUNNEL_BRIDGE, `mtu_request=${FABRIC_MTU}`],
    // Only when nobody has said anything yet: the agent keeps it afterwards.
    ['add', 'Open_vSwitch', '.', 'external_ids', `ovn-bridge-mappings="${UPLINK_NAME}:${UPLINK_BRIDGE}"`],
  ]); // prettier-ignore
};

/**
 * Geneve ends at an address of an OVS bridge: the userspace datapath builds tunnels only there. The bridge's interface
 * is ovs-vswitchd's own, and comes back without address after its end.
 */
const connectFabric = async (at: Places, { plan }: Network, member: MemberPlan): Promise<void> => {
  // Changes nothing, but waits until ovs-vswitchd has made what the database says.
  await vsctl(at, member, [], [['set', 'Open_vSwitch', '.', `external_ids:weft-fabric=${process.pid}`]]);
  await ip(member.namespace, [`address replace ${member.tunnelAddress}/${plan.fabricPrefixBits} dev ${TUNNEL_BRIDGE}`, `link set ${TUNNEL_BRIDGE} up`]);
};
