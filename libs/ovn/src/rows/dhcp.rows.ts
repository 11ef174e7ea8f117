import type { DesiredNetwork } from '../model';
import { familyOf, subnetOf, withoutLength } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { nameServersOf } from './resolver.rows';

const LEASE_SECONDS = 3_600;
const quoted = (text: string): string => `"${text}"`;
const setOf = (items: readonly string[]): string => `{${items.join(', ')}}`;

/** What ovn-controller answers to DHCP requests of the network's ports (ovn-nb(5), DHCP_Options). */
export function dhcpRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  return [
    ...(network.ipv4 && network.dhcp.ipv4 ? [version4(make, network, network.ipv4)] : []),
    ...(network.ipv6 && network.dhcp.ipv6 !== 'none' ? [version6(make, network, network.ipv6)] : []),
  ];
}

function version4(make: MakeRow, network: DesiredNetwork, inner: string): DesiredRow {
  const { dns, mtu, routerMac } = network;
  const router = withoutLength(inner);
  const nameservers = nameServersOf(network).filter((address) => familyOf(address) === 4);
  const options = {
    server_id: router,
    server_mac: routerMac,
    router,
    lease_time: String(LEASE_SECONDS),
    mtu: String(mtu),
    domain_name: quoted(dns.domain),
    ...(nameservers.length > 0 && { dns_server: setOf(nameservers) }),
  };
  return make('DHCP_Options', 'dhcp', { cidr: subnetOf(inner), options }, { id: '4' });
}

function version6(make: MakeRow, { dns, routerMac }: DesiredNetwork, inner: string): DesiredRow {
  const nameservers = dns.nameservers.filter((address) => familyOf(address) === 6);
  const options = {
    server_id: routerMac,
    ...(dns.search.length > 0 && { domain_search: quoted(dns.search.join(',')) }),
    ...(nameservers.length > 0 && { dns_server: setOf(nameservers) }),
  };
  return make('DHCP_Options', 'dhcp', { cidr: subnetOf(inner), options }, { id: '6' });
}
