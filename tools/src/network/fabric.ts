/**
 * The wires between members and machine (network-plan.ts has the picture). Everything is made when it is missing and left alone when it is
 * there: guests may run on it. Only `removeFabric` takes it away.
 */
import { readdirSync, rmSync } from 'node:fs';
import { ensureFabricIpv6 } from './fabric-ipv6';
import { inside, ip, isNamespace, linksIn, namespacePath, run, setKernel, withoutOffload } from './net-tools';
import { FABRIC_MTU, machineLinkOf, namespacePrefix, UPLINK_PARENT, type MemberPlan, type NetworkPlan } from './network-plan';

export const ensureFabric = async (plan: NetworkPlan, offload: boolean): Promise<void> => {
  const namespace = plan.fabricNamespace;
  await ensureNamespace(namespace);
  const links = await linksIn(namespace);
  await ip(namespace, [
    ...['fabric', 'uplink'].filter((bridge) => !links.has(bridge)).map((bridge) => `link add ${bridge} type bridge`),
    `link set fabric mtu ${FABRIC_MTU} up`,
    'link set uplink up',
    'link set lo up',
    `address replace ${plan.routerAddress}/${plan.fabricPrefixBits} dev fabric`,
    `address replace ${plan.uplink.gateway}/${plan.uplink.prefixBits} dev uplink`,
  ]);
  await ensurePair({ namespace: undefined, name: plan.machineLink }, { namespace, name: 'machine' });
  await ip(namespace, [`link set machine master fabric mtu ${FABRIC_MTU} up`]);
  await ip(undefined, [
    `link set ${plan.machineLink} mtu ${FABRIC_MTU} up`,
    `address replace ${plan.machineAddress}/${plan.fabricPrefixBits} dev ${plan.machineLink}`,
    `route replace ${plan.uplink.subnet} via ${plan.routerAddress} dev ${plan.machineLink}`,
  ]);
  await ip(namespace, [`route replace default via ${plan.machineAddress}`]);
  await setKernel(namespace, { 'net.ipv4.ip_forward': '1' });
  await ensureFabricIpv6(plan);
  await keepGuestsFromFabric(plan);
  for (const member of plan.members) await ensureMember(plan, member, offload);
};

/** What guests send to the uplink may leave, but not reach members and control plane. */
const keepGuestsFromFabric = async (plan: NetworkPlan): Promise<void> => {
  const rules = `table inet weft
delete table inet weft
table inet weft {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip saddr ${plan.uplink.subnet} ip daddr ${plan.fabricSubnet} ct state new,invalid drop
    iifname "uplink" ip6 daddr ${plan.ipv6.fabricSubnet} ct state new,invalid drop
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "uplink" meta l4proto { tcp, udp } drop
  }
}
`;
  await run(...inside(plan.fabricNamespace, 'nft', ['-f', '-']), rules);
};

const ensureMember = async (plan: NetworkPlan, member: MemberPlan, offload: boolean): Promise<void> => {
  const { namespace, number } = member;
  const hub = plan.fabricNamespace;
  await ensureNamespace(namespace);
  await ensurePair({ namespace, name: 'mgmt0' }, { namespace: hub, name: `mgmt${number}` });
  await ensurePair({ namespace, name: 'fabric0' }, { namespace: hub, name: `fabric${number}` });
  await ensurePair({ namespace, name: UPLINK_PARENT }, { namespace: hub, name: `uplink${number}` });
  await ip(hub, [
    `link set mgmt${number} master fabric mtu ${FABRIC_MTU} up`,
    `link set fabric${number} master fabric mtu ${FABRIC_MTU} up`,
    `link set uplink${number} master uplink up`,
  ]);
  await ip(namespace, [
    'link set lo up',
    `link set mgmt0 mtu ${FABRIC_MTU} up`,
    `link set fabric0 mtu ${FABRIC_MTU} up`,
    `link set ${UPLINK_PARENT} up`,
    `address replace ${member.address}/${plan.fabricPrefixBits} dev mgmt0`,
    `route replace default via ${plan.machineAddress}`,
  ]);
  // Both wires end in one network: without this, what is sent to the address of mgmt0 may come in through fabric0, which is the switch's.
  await setKernel(namespace, { 'net.ipv4.conf.all.arp_ignore': '1' });
  if (offload) return;
  await Promise.all([withoutOffload(hub, `uplink${number}`), withoutOffload(hub, `fabric${number}`), withoutOffload(namespace, 'fabric0')]);
};

const ensureNamespace = async (name: string): Promise<void> => {
  if (isNamespace(name)) return;
  // A kill or a reboot in between leaves the name of a namespace that is gone.
  rmSync(namespacePath(name), { force: true });
  await run('ip', ['netns', 'add', name]);
};

interface End {
  namespace: string | undefined;
  name: string;
}

/** Two ends of one wire: both are there, or both are made. */
const ensurePair = async (one: End, other: End): Promise<void> => {
  const [ours, theirs] = [(await linksIn(one.namespace)).has(one.name), (await linksIn(other.namespace)).has(other.name)];
  if (ours && theirs) return;
  if (ours) await ip(one.namespace, [`link delete ${one.name}`]);
  if (theirs) await ip(other.namespace, [`link delete ${other.name}`]);
  const place = ({ namespace }: End) => (namespace === undefined ? '' : `netns ${namespace} `);
  await ip(undefined, [`link add ${one.name} ${place(one)}type veth peer name ${other.name} ${place(other)}`]);
};

export const namespacesOf = (key: string): string[] => {
  try {
    return readdirSync(namespacePath('')).filter((name) => name.startsWith(namespacePrefix(key)));
  } catch {
    return [];
  }
};

/** Wires go with the namespaces that they end in. Resolves to the number of namespaces that there were. */
export const removeFabric = async (key: string): Promise<number> => {
  const namespaces = namespacesOf(key);
  for (const name of namespaces) {
    await run('ip', ['netns', 'delete', name]).catch(() => rmSync(namespacePath(name), { force: true }));
  }
  await removeMachineLink(machineLinkOf(key));
  return namespaces.length;
};

/** The kernel takes a wire away by itself, a moment after the namespace of its other end: it may well be faster. */
const removeMachineLink = async (link: string): Promise<void> => {
  if (!(await linksIn()).has(link)) return;
  await ip(undefined, [`link delete ${link}`]).catch(async (error: unknown) => {
    if ((await linksIn()).has(link)) throw error;
  });
};
