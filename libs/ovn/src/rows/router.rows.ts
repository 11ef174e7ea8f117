import type { DesiredNetwork, DesiredUplink } from '../model';
import { FAMILIES, withoutLength } from './addresses';
import type { DesiredRow, MakeRow, RowReference } from './desired-row';
import { chassisGroupKey, linkTo } from './keys';
import { networkNames } from './names';
import { routerAddressesForResolver } from './resolver.rows';

/** The network's router with its inner port and, with an uplink, its outer one. */
export function routerRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  const names = networkNames(network.number);
  const labels = { 'weft:project': network.project, 'weft:network': network.name };
  const router = make('Logical_Router', 'router', { name: names.router }, { anchor: true, labels });
  return [router, ...innerPort(make, network), ...(network.uplink ? outerPort(make, network, network.uplink) : [])];
}

function innerPort(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  const own = [network.ipv4, network.ipv6].filter((address) => address !== null);
  if (own.length === 0) return [];
  const columns = {
    name: networkNames(network.number).innerRouterPort,
    mac: network.routerMac,
    networks: [...own, ...routerAddressesForResolver(network)],
    options: mtuOptions(network),
    ipv6_ra_configs: network.ipv6 ? routerAdvertisements(network) : {},
  };
  return [make('Logical_Router_Port', 'inner-port', columns, { links: [linkTo.routerPort(network.id)] })];
}

const mtuOptions = ({ mtu }: DesiredNetwork) => ({ gateway_mtu: String(mtu) });

const ADDRESS_MODES = { none: 'slaac', stateless: 'dhcpv6_stateless', stateful: 'dhcpv6_stateful' };

/** ovn-nb(5), Logical_Router_Port: "ipv6_ra_configs". */
function routerAdvertisements({ dhcp, dns, mtu }: DesiredNetwork): Record<string, string> {
  const nameserver = dns.nameservers.find((address) => address.includes(':'));
  return {
    address_mode: ADDRESS_MODES[dhcp.ipv6],
    send_periodic: 'true',
    min_interval: '30',
    max_interval: '60',
    mtu: String(mtu),
    ...(dns.search.length > 0 && { dnssl: dns.search.join(',') }),
    ...(nameserver && { rdnss: nameserver }),
  };
}

function outerPort(make: MakeRow, network: DesiredNetwork, uplink: DesiredUplink): DesiredRow[] {
  const networks = [uplink.ipv4?.address, uplink.ipv6?.address].filter((address) => address !== undefined);
  if (networks.length === 0) return [];
  const group: RowReference = { row: chassisGroupKey(network.id) };
  const name = networkNames(network.number).outerRouterPort;
  const columns = { name, mac: network.routerMac, networks, options: mtuOptions(network), ha_chassis_group: group };
  return [make('Logical_Router_Port', 'outer-port', columns, { links: [linkTo.routerPort(network.id)] }), ...defaultRoutes(make, network, uplink, name)];
}

function defaultRoutes(make: MakeRow, network: DesiredNetwork, uplink: DesiredUplink, port: string): DesiredRow[] {
  return FAMILIES.flatMap((family) => {
    const nexthop = uplink[`ipv${family}`]?.gateway;
    if (!nexthop) return [];
    const columns = { ip_prefix: family === 4 ? '0.0.0.0/0' : '::/0', nexthop: withoutLength(nexthop), output_port: port };
    return [make('Logical_Router_Static_Route', 'default-route', columns, { id: String(family), links: [linkTo.staticRoute(network.id)] })];
  });
}
