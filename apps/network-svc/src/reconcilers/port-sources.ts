import { isTrue } from '@weft/contracts';
import { eui64, formatAddress, formatSubnet, parseSubnet, type Family } from '../domain/ip-address';
import { networkAddress } from '../domain/network.settle';

export interface PortAddress {
  hwaddr: string;
  ipv4: string | null;
  ipv6: string | null;
}

const isOff = (value: string | undefined): boolean => value !== undefined && !isTrue(value);
const ANY: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };

/**
 * Where packets of a NIC may come from: its addresses and what is routed to it (ADR 17). Null: from anywhere.
 * As ovn-nb(5) has it ("port_security"): an address with the length of its subnet stands for itself, a subnet for all in it.
 */
export function portSources(
  port: PortAddress,
  nic: Readonly<Record<string, string>>,
  network: Readonly<Record<string, string>>,
  routes: readonly string[],
): string[] | null {
  if (isOff(nic['security.mac_filtering'])) return null;
  const ofFamily = (family: Family): string[] => {
    if (isOff(nic[`security.ipv${family}_filtering`])) return [ANY[family]];
    const subnet = networkAddress(network, family)?.subnet;
    const own = port[`ipv${family}`];
    // Without DHCP the guest chooses; without a subnet it still has its link-local IPv6.
    if (!subnet) return family === 6 ? [linkLocal(port.hwaddr)] : [];
    return [own ? `${own}/${subnet.prefix}` : formatSubnet(subnet)];
  };
  return [...ofFamily(4), ...ofFamily(6), ...routes];
}

const linkLocal = (hwaddr: string): string => formatAddress(eui64(parseSubnet('fe80::/64')!, hwaddr));
