import { type DefaultAction, type DesiredNetwork, type DesiredPort, ownerOf } from '../model';
import { familyOf } from './addresses';
import { type DesiredRow, type MakeRow, rowMaker } from './desired-row';
import { aclGroupKey, dhcpKey, linkTo, networkGroupKey } from './keys';
import { networkNames } from './names';
import { portNatRows } from './nat.rows';
import { hasResolver } from './resolver.rows';

/** All rows of a NIC that is active. */
export function portRows(network: DesiredNetwork, port: DesiredPort): DesiredRow[] {
  const make = rowMaker(ownerOf.port(port.id), port.version);
  return [
    switchPort(make, network, port),
    ...(hasResolver(network) ? [] : dnsRows(make, port)),
    ...routeRows(make, network, port),
    ...portNatRows(make, network, port),
    ...defaultActionRows(make, port),
    ...limitRows(make, port),
  ];
}

function switchPort(make: MakeRow, network: DesiredNetwork, port: DesiredPort): DesiredRow {
  const columns = {
    name: port.interfaceId,
    addresses: [[port.hwaddr, ...ownAddresses(port)].join(' ')],
    port_security: port.sources ? [[port.hwaddr, ...port.sources].join(' ')] : [],
    options: bindingOptions(port.chassis),
    dhcpv4_options: port.ipv4 && network.dhcp.ipv4 ? { row: dhcpKey(network.id, 4) } : null,
    dhcpv6_options: port.ipv6 && network.dhcp.ipv6 !== 'none' ? { row: dhcpKey(network.id, 6) } : null,
  };
  const groups = [networkGroupKey(network.id), ...(port.security?.aclIds ?? []).map(aclGroupKey)];
  return make('Logical_Switch_Port', 'port', columns, { anchor: true, links: [linkTo.innerPort(network.id), ...groups.map(linkTo.member)] });
}

const ownAddresses = (port: DesiredPort): string[] => [port.ipv4, port.ipv6].filter((address) => address !== null);

/** While a guest is handed over, both hosts get what is sent to it. */
function bindingOptions(chassis: readonly string[]): Record<string, string> {
  if (chassis.length === 0) return {};
  return { 'requested-chassis': chassis.join(',') };
}

function dnsRows(make: MakeRow, port: DesiredPort): DesiredRow[] {
  const addresses = ownAddresses(port).join(' ');
  if (port.dnsNames.length === 0 || addresses === '') return [];
  const records = Object.fromEntries(port.dnsNames.map((name) => [name.toLowerCase(), addresses]));
  return [make('DNS', 'names', { records }, { links: [linkTo.dns(port.networkId)] })];
}

function routeRows(make: MakeRow, network: DesiredNetwork, port: DesiredPort): DesiredRow[] {
  const output_port = networkNames(network.number).innerRouterPort;
  return [...new Set([...port.routes, ...port.externalRoutes])].flatMap((ip_prefix) => {
    const nexthop = port[`ipv${familyOf(ip_prefix)}`];
    if (!nexthop) return [];
    return [make('Logical_Router_Static_Route', 'route', { ip_prefix, nexthop, output_port }, { id: ip_prefix, links: [linkTo.staticRoute(network.id)] })];
  });
}

const EGRESS_DEFAULT = 111;
const INGRESS_DEFAULT = 100;

/** What happens to packets that no rule of the NIC's ACLs is about. */
function defaultActionRows(make: MakeRow, { interfaceId, networkId, security }: DesiredPort): DesiredRow[] {
  if (!security) return [];
  const rule = (id: string, priority: number, match: string, { action, logged }: DefaultAction) => {
    const log = logged ? { log: true, severity: 'info' as const, name: `${id} ${interfaceId}`.slice(0, MAX_ACL_NAME) } : {};
    const columns = { direction: 'to-lport' as const, priority, match, action: action === 'allow' ? ('allow-related' as const) : action, ...log };
    return make('ACL', 'default-action', columns, { id, links: [linkTo.groupAcl(networkGroupKey(networkId))] });
  };
  return [
    rule('egress', EGRESS_DEFAULT, `inport == "${interfaceId}"`, security.egress),
    rule('ingress', INGRESS_DEFAULT, `outport == "${interfaceId}"`, security.ingress),
  ];
}
const MAX_ACL_NAME = 63;

function limitRows(make: MakeRow, { interfaceId, networkId, limits }: DesiredPort): DesiredRow[] {
  const rule = (id: string, direction: 'to-lport' | 'from-lport', match: string, kbps: number | null) => {
    if (kbps === null) return [];
    const columns = { priority: 100, direction, match, bandwidth: { rate: kbps } };
    return [make('QoS', 'limit', columns, { id, links: [linkTo.qos(networkId)] })];
  };
  return [
    ...rule('ingress', 'to-lport', `outport == "${interfaceId}"`, limits.ingressKbps),
    ...rule('egress', 'from-lport', `inport == "${interfaceId}"`, limits.egressKbps),
  ];
}
