import type { DesiredNetwork } from '../model';
import { familyOf } from './addresses';
import type { DesiredRow, MakeRow } from './desired-row';
import { linkTo } from './keys';
import { networkNames } from './names';

/**
 * Link-local and the same in every network, so that it takes no address that a guest could have. The router is its only
 * neighbour with an address of that subnet: guests reach it by their default route.
 */
const RESOLVER_ADDRESS = '169.254.169.253';
const ROUTER_ADDRESS = '169.254.169.254/30';
const RESOLVER_MAC = '00:16:3e:00:53:53';

/** The port at which each host answers DNS for its guests of a network. */
export const resolverPort = (number: number) => ({ name: networkNames(number).resolverPort, address: RESOLVER_ADDRESS, hwaddr: RESOLVER_MAC });

export const hasResolver = (network: DesiredNetwork): boolean => network.resolver && network.ipv4 !== null;

/** Whom guests ask: for IPv4 the resolver takes the place of the uplink's name servers. */
export const nameServersOf = (network: DesiredNetwork): string[] =>
  hasResolver(network) ? [RESOLVER_ADDRESS, ...network.dns.nameservers.filter((address) => familyOf(address) === 6)] : [...network.dns.nameservers];

/** Addresses that the router's inner port has besides the network's own. */
export const routerAddressesForResolver = (network: DesiredNetwork): string[] => (hasResolver(network) ? [ROUTER_ADDRESS] : []);

/** ovn-nb(5): packets to a `localport` stay on the host that they come from, and each host has one of its own. */
export function resolverRows(make: MakeRow, network: DesiredNetwork): DesiredRow[] {
  if (!hasResolver(network)) return [];
  const { name, address, hwaddr } = resolverPort(network.number);
  const columns = { name, type: 'localport', addresses: [`${hwaddr} ${address}`] };
  return [make('Logical_Switch_Port', 'resolver-port', columns, { links: [linkTo.innerPort(network.id)] })];
}
