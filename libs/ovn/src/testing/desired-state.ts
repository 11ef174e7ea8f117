import type { DesiredAcl, DesiredAclRule, DesiredForward, DesiredNetwork, DesiredPairing, DesiredPort, DesiredState } from '../model';

/** Things of the model for tests: like what `lxc network create` and `lxc launch` make; `change` replaces what matters. */
export const aNetwork = (number: number, change: Partial<DesiredNetwork> = {}): DesiredNetwork => ({
  id: `n${number}`,
  version: 1,
  number,
  project: 'default',
  name: `net${number}`,
  mtu: 1400,
  routerMac: `00:16:3e:00:${octet(number >> 8)}:${octet(number & 255)}`,
  ipv4: `10.${number >> 8}.${number & 255}.1/24`,
  ipv6: `fd42:${number.toString(16)}::1/64`,
  uplink: {
    providerNetwork: 'UPLINK',
    vlan: null,
    ipv4: { address: `192.0.${number >> 8}.${(number & 255) + 10}/16`, gateway: '192.0.0.1' },
    ipv6: null,
    ingressMode: 'l2proxy',
    chassis: [{ name: 'ch1', priority: 100 }],
  },
  nat: { ipv4: `192.0.${number >> 8}.${(number & 255) + 10}`, ipv6: null },
  dhcp: { ipv4: true, ipv6: 'stateless' },
  dns: { nameservers: ['192.0.0.53'], domain: 'lxd', search: ['lxd'] },
  resolver: false,
  routes: [],
  ...change,
});

export const aPort = (network: DesiredNetwork, index: number, change: Partial<DesiredPort> = {}): DesiredPort => ({
  id: `${network.id}-p${index}`,
  version: 1,
  networkId: network.id,
  interfaceId: `weft-net${network.number}-instance-${index}-eth0`,
  hwaddr: `00:16:3e:${octet(network.number & 255)}:${octet(index >> 8)}:${octet(index & 255)}`,
  ipv4: `10.${network.number >> 8}.${network.number & 255}.${index + 1}`,
  ipv6: `fd42:${network.number.toString(16)}::${(index + 16).toString(16)}`,
  chassis: ['ch1'],
  dnsNames: [`i${network.number}-${index}.lxd`],
  routes: [],
  externalRoutes: [],
  sources: [`10.${network.number >> 8}.${network.number & 255}.${index + 1}`, `fd42:${network.number.toString(16)}::${(index + 16).toString(16)}`],
  security: null,
  limits: { ingressKbps: null, egressKbps: null },
  ...change,
});

export const aRule = (change: Partial<DesiredAclRule> = {}): DesiredAclRule => ({
  direction: 'ingress',
  action: 'allow',
  logged: false,
  sources: [],
  destinations: [],
  protocol: null,
  sourcePorts: [],
  destinationPorts: [],
  icmpType: null,
  icmpCode: null,
  ...change,
});

export const anAcl = (number: number, networks: readonly DesiredNetwork[], rules: readonly DesiredAclRule[], change: Partial<DesiredAcl> = {}): DesiredAcl => ({
  id: `a${number}`,
  version: 1,
  number,
  project: 'default',
  name: `acl${number}`,
  networkIds: networks.map(({ id }) => id),
  routes: [],
  rules,
  ...change,
});

export const aForward = (network: DesiredNetwork, listenAddress: string, change: Partial<DesiredForward> = {}): DesiredForward => ({
  id: `${network.id}-${listenAddress}`,
  version: 1,
  networkId: network.id,
  listenAddress,
  defaultTarget: null,
  ports: [],
  ...change,
});

export const aPairing = (left: DesiredNetwork, right: DesiredNetwork): DesiredPairing => ({
  id: `${left.id}+${right.id}`,
  version: 1,
  networkIds: [left.id, right.id],
});

export const aState = (change: Partial<DesiredState> = {}): DesiredState => ({ networks: [], ports: [], acls: [], forwards: [], pairings: [], ...change });

const octet = (value: number): string => value.toString(16).padStart(2, '0');
