/** What services are told about the network that the launcher has made for them. */
import { existsSync, readFileSync } from 'node:fs';
import type { Places } from '../places';
import { controllerName, switchSocket } from './member-switch';
import { hasIpv6 } from './fabric-ipv6';
import { UPLINK_PARENT, type MemberPlan, type Network } from './network-plan';
import { northboundSocket, southboundSocket } from './ovn-central';

export const agentEnvironment = (at: Places, member: MemberPlan): Record<string, string> => ({
  WEFT_OVS_DB: `unix:${switchSocket(at, member.name)}`,
  WEFT_OVN_LOG: at.logFile(controllerName(member.name)),
  WEFT_UPLINK_PARENT: UPLINK_PARENT,
  // Guests that move go over the fabric.
  WEFT_MIGRATION_ADDRESS: member.address,
});

/** `WEFT_BOOTSTRAP_UPLINK` is the configuration of the physical network that the first OVN network goes out by. */
export const networkServiceEnvironment = (at: Places, { plan }: Network): Record<string, string> => {
  const nameservers = nameserversOf(RESOLVER_FILES.filter(existsSync).map((path) => readFileSync(path, 'utf8')));
  return {
    WEFT_OVN_NB: `unix:${northboundSocket(at)}`,
    WEFT_OVN_SB: `unix:${southboundSocket(at)}`,
    WEFT_BOOTSTRAP_UPLINK: JSON.stringify({
      parent: UPLINK_PARENT,
      'ipv4.gateway': `${plan.uplink.gateway}/${plan.uplink.prefixBits}`,
      'ipv4.ovn.ranges': plan.uplink.ranges,
      'ipv4.routes': plan.uplink.routes,
      ...(hasIpv6() && {
        'ipv6.gateway': `${plan.ipv6.uplink.gateway}/64`,
        'ipv6.ovn.ranges': plan.ipv6.uplink.ranges,
        'ipv6.routes': plan.ipv6.uplink.routes,
      }),
      ...(nameservers.length ? { 'dns.nameservers': nameservers.join(',') } : {}),
    }),
  };
};

/** systemd-resolved's stub answers on the machine only; its own list names the servers behind it. */
const RESOLVER_FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** IPv4 name servers of resolv.conf(5) files that guests can reach too: none that listen on this machine only. */
export const nameserversOf = (files: readonly string[]): string[] => {
  const found = files.flatMap((text) => [...text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map(([, address]) => address!));
  return [...new Set(found)].filter((address) => !address.startsWith('127.') && address !== '0.0.0.0');
};
