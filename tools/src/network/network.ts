/** The platform's network as a whole: found again or made at a start, removed by `down`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Places } from '../places';
import { ensureFabric, namespacesOf, removeFabric } from './fabric';
import { withMachineLock } from './machine-lock';
import { ensureNat, removeNat } from './machine-nat';
import { isNamespace, linksIn, run, takenSubnets } from './net-tools';
import { endSwitch, forgetSwitch } from './member-switch';
import { chooseSubnet, keyOf, machineLinkOf, overlaps, planNetwork, type Network } from './network-plan';

const PROGRAMS = ['ip', 'nft', 'ethtool', 'sysctl', 'nsenter', 'ovsdb-server', 'ovsdb-tool', 'ovs-vsctl', 'ovs-vswitchd', 'ovn-northd', 'ovn-controller'];

/**
 * Wires, NAT and addresses of the members. Idempotent: what runs stays as it is.
 *
 * @throws Error with the reason why this machine can have no networks
 */
export const prepareNetwork = async (at: Places, memberNames: readonly string[]): Promise<Network> => {
  const missing = PROGRAMS.filter((program) => !isInstalled(program));
  if (missing.length) throw new Error(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed (tools/setup/packages.sh)`);
  if (process.getuid?.() !== 0) throw new Error('only root can make network namespaces');
  const datapath = await chooseDatapath();
  return withMachineLock(async () => {
    const plan = planNetwork(keyOf(at.dir), await subnetFor(at), memberNames);
    const isNew = namespacesOf(plan.key).length === 0;
    // What an older namespace of that name held is gone: so is the meaning of the switch's database.
    for (const member of plan.members.filter(({ namespace }) => !isNamespace(namespace))) {
      await endSwitch(at, member.name);
      forgetSwitch(at, member.name);
    }
    try {
      await ensureFabric(plan, datapath === 'system');
      await ensureNat(plan);
    } catch (error) {
      // Guests may run on one that was there before.
      if (isNew) {
        await removeFabric(plan.key);
        await removeNat(plan.key);
      }
      throw error;
    }
    return { plan, datapath };
  });
};

/** Wires, NAT and namespaces. @returns how many network namespaces there were */
export const removeNetwork = async (at: Places): Promise<number> => {
  const key = keyOf(at.dir);
  if (namespacesOf(key).length === 0 && !(await isPresent(key))) return 0;
  return withMachineLock(async () => {
    const removed = await removeFabric(key);
    await removeNat(key);
    return removed;
  });
};

const isPresent = async (key: string): Promise<boolean> => isInstalled('ip') && (await linksIn()).has(machineLinkOf(key));

const isInstalled = (program: string): boolean =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((dir) => dir !== '' && existsSync(join(dir, program)));

/** The module is loaded by name, as ovs-vswitchd's own start script does it; where there is none, Open vSwitch works without. */
const chooseDatapath = async (): Promise<Network['datapath']> => {
  for (const name of ['openvswitch', 'vport_geneve'])
    if (!existsSync(`/sys/module/${name}`)) await run('modprobe', ['--quiet', name.replace('_', '-')]).catch(() => undefined);
  return existsSync('/sys/module/openvswitch') && existsSync('/sys/module/vport_geneve') ? 'system' : 'netdev';
};

/** Remembered: networks that users made on the uplink have its addresses in them. */
const subnetFor = async (at: Places): Promise<string> => {
  const key = keyOf(at.dir);
  const taken = await takenSubnets(machineLinkOf(key));
  if (existsSync(at.networkPlan)) {
    const { subnet } = JSON.parse(readFileSync(at.networkPlan, 'utf8')) as { subnet: string };
    if (overlaps(subnet, taken)) throw new Error(`${subnet}, which this platform used before, is in use on this machine by something else (ip route)`);
    return subnet;
  }
  const subnet = chooseSubnet(key, taken);
  if (!subnet) throw new Error('198.18.0.0/15 has no free /23 on this machine (ip route)');
  writeFileSync(at.networkPlan, `${JSON.stringify({ subnet })}\n`);
  return subnet;
};
