/**
 * IPv6 of the wires: the uplink has it wherever the kernel does. It leads out of the machine only where that costs the machine
 * nothing: by a default route of its own that did not come by router advertisements, which a kernel that forwards does not accept
 * (ip-sysctl, accept_ra), or where the machine forwards IPv6 anyway.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ip, run, setKernel } from './net-tools';
import type { NetworkPlan } from './network-plan';

export const hasIpv6 = (): boolean => existsSync('/proc/net/if_inet6');

const SETTINGS = '/proc/sys/net/ipv6/conf';
export const IPV6_FORWARDING = join(SETTINGS, 'all', 'forwarding');

const forwards = (link: string): boolean => readFileSync(join(SETTINGS, link, 'forwarding'), 'utf8').trim() === '1';

/** May packets of guests leave the machine by IPv6? */
export const leadsOut = async (): Promise<boolean> => {
  if (!hasIpv6()) return false;
  const routes = JSON.parse((await run('ip', ['-json', '-6', 'route', 'show', 'default'])) || '[]') as { protocol?: string }[];
  if (routes.length === 0) return false;
  if (forwards('all')) return true;
  // What is set for single interfaces could not be put back as it was.
  return routes.every(({ protocol }) => protocol !== 'ra') && !readdirSync(SETTINGS).some(forwards);
};

/** Addresses and routes between the uplink and the machine. */
export const ensureFabricIpv6 = async ({ fabricNamespace: namespace, machineLink, ipv6 }: NetworkPlan): Promise<void> => {
  if (!hasIpv6()) return;
  await setKernel(namespace, { 'net.ipv6.conf.all.forwarding': '1' });
  await ip(namespace, [`address replace ${ipv6.routerAddress}/64 dev fabric nodad`, `address replace ${ipv6.uplink.gateway}/64 dev uplink nodad`]);
  await ip(namespace, [`route replace ${ipv6.uplink.routes} dev uplink`, `route replace default via ${ipv6.machineAddress}`]);
  await ip(undefined, [`address replace ${ipv6.machineAddress}/64 dev ${machineLink} nodad`]);
  await ip(
    undefined,
    [ipv6.uplink.subnet, ipv6.uplink.routes].map((subnet) => `route replace ${subnet} via ${ipv6.routerAddress} dev ${machineLink}`),
  );
};
