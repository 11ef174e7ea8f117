import { type DesiredForward, type DesiredNetwork, ownerOf } from '../model';
import { type DesiredRow, rowMaker } from './desired-row';
import { linkTo } from './keys';
import { networkNames } from './names';

/**
 * A load balancer per protocol, on the router for the outside and on the switches of the network and its peers for the inside: a
 * distributed router translates only where its outer port is.
 */
export function forwardRows(network: DesiredNetwork, forward: DesiredForward, peerIds: readonly string[]): DesiredRow[] {
  const make = rowMaker(ownerOf.forward(forward.id), forward.version);
  const links = [linkTo.routerLoadBalancer(network.id), ...[network.id, ...peerIds].map(linkTo.switchLoadBalancer)];
  const [tcp, udp] = [vipsOf(forward, 'tcp'), vipsOf(forward, 'udp')];
  if (forward.defaultTarget !== null) tcp[bracketed(forward.listenAddress)] = bracketed(forward.defaultTarget);
  return [['tcp', tcp] as const, ['udp', udp] as const]
    .filter(([, vips]) => Object.keys(vips).length > 0)
    .map(([protocol, vips], index) => {
      const name = networkNames(network.number).loadBalancer(forward.listenAddress, protocol);
      return make('Load_Balancer', 'forward', { name, protocol, vips }, { id: protocol, links, anchor: index === 0 });
    });
}

/** IPv6 addresses stand in brackets when a port follows. */
const withPort = (address: string, port: number): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;
const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

function vipsOf({ listenAddress, ports }: DesiredForward, protocol: 'tcp' | 'udp'): Record<string, string> {
  const forwarded = ports.filter((port) => port.protocol === protocol);
  return Object.fromEntries(forwarded.map((port) => [withPort(listenAddress, port.listenPort), withPort(port.targetAddress, port.targetPort)]));
}
