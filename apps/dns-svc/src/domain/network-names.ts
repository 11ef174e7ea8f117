/**
 * The names that instances and networks have in a zone.
 *
 *   forward   c1.lab.example.        A, AAAA   each active port on a network that publishes there
 *             blue.gw.lab.example.   A, AAAA   the network's own addresses
 *   reverse   2.0.10.10.in-addr.arpa.  PTR     the same addresses, as far as they lie in the zone; the target is the
 *                                              name in the network's first forward zone
 *
 * `network.nat=false` leaves out addresses that are translated on their way out, because nobody outside can use them.
 */
import { isTrue, type ZoneKind, type ZoneResourceRecord } from '@weft/contracts';
import { DnsInputError, parseName, parseRecord, renderName } from '@weft/dns';
import { reverseName } from './reverse-name';
import { DEFAULT_TTL_SECONDS } from './zone-record.entries';
import { isInZone, zoneKeyOf } from './zone-name';

type Config = Readonly<Record<string, string>>;
export interface NetworkFacts {
  id: string;
  name: string;
  config: Config;
}
export interface PortFacts {
  networkId: string;
  instanceName: string;
  /** Without prefix length. */
  addresses: readonly string[];
}
export interface NamedZone {
  /** Absolute, as text; the key is the same in lower case. */
  name: string;
  key: string;
  kind: ZoneKind;
  config: Config;
}

const ZONE_OPTIONS: readonly [string, ZoneKind][] = [
  ['dns.zone.forward', 'forward'],
  ['dns.zone.reverse.ipv4', 'ipv4'],
  ['dns.zone.reverse.ipv6', 'ipv6'],
];

/** The zones that a network publishes in, by key, each with its place in the list. Later LXD takes a list of them. */
export function zonesOfNetwork(config: Config): { zone: string; kind: ZoneKind; place: number }[] {
  return ZONE_OPTIONS.flatMap(([option, kind]) =>
    listOf(config[option]).flatMap((text, place) => {
      const zone = zoneKeyOf(text);
      return zone === undefined ? [] : [{ zone, kind, place }];
    }),
  );
}

/** Records of `networks` and their ports in `zone`. `own`: networks that publish there, and nothing else. */
export function namesIn(zone: NamedZone, networks: readonly NetworkFacts[], ports: readonly PortFacts[]): ZoneResourceRecord[] {
  const byId = new Map(networks.map((network) => [network.id, network]));
  const gateways = networks.flatMap((network) => gatewayAddresses(network).map((address) => ({ network, label: `${network.name}.gw`, address })));
  const instances = ports.flatMap(({ networkId, instanceName, addresses }) => {
    const network = byId.get(networkId);
    return network ? addresses.map((address) => ({ network, label: instanceName, address })) : [];
  });
  return [...gateways, ...instances].flatMap(({ network, label, address }) => {
    if (!isPublished(zone, network, address)) return [];
    const record = zone.kind === 'forward' ? addressRecord(zone, label, address) : pointer(zone, network, label, address);
    return record ? [record] : [];
  });
}

/** The owners (keys) in a zone that a port is seen at. */
export function ownersOfPort(zone: { key: string; kind: ZoneKind }, port: Pick<PortFacts, 'instanceName' | 'addresses'>): string[] {
  if (zone.kind === 'forward') {
    const owner = zoneKeyOf(`${port.instanceName}.${zone.key}`);
    return owner === undefined ? [] : [owner];
  }
  return port.addresses.map(reverseName).filter((owner) => isInZone(owner, zone.key));
}

function addressRecord(zone: NamedZone, label: string, address: string): ZoneResourceRecord | undefined {
  const type = address.includes(':') ? 'AAAA' : 'A';
  const name = absolute(`${label}.${zone.name}`);
  return name === undefined ? undefined : { name, ttl: DEFAULT_TTL_SECONDS, type, value: parseRecord(type, address).value };
}

function pointer(zone: NamedZone, network: NetworkFacts, label: string, address: string): ZoneResourceRecord | undefined {
  const [forward] = listOf(network.config['dns.zone.forward']);
  const owner = reverseName(address);
  const target = forward === undefined ? undefined : absolute(`${label}.${forward}`);
  if (target === undefined || !isInZone(owner, zone.key)) return undefined;
  return { name: owner, ttl: DEFAULT_TTL_SECONDS, type: 'PTR', value: target };
}

function isPublished(zone: NamedZone, network: NetworkFacts, address: string): boolean {
  if (zone.config['network.nat'] === undefined || isTrue(zone.config['network.nat'])) return true;
  return !isTrue(network.config[address.includes(':') ? 'ipv6.nat' : 'ipv4.nat']);
}

/** The network's own addresses, on its router. */
const gatewayAddresses = ({ config }: NetworkFacts): string[] =>
  ['ipv4.address', 'ipv6.address'].flatMap((key) => {
    const [address = ''] = (config[key] ?? '').split('/');
    return /[.:]/.test(address) ? [address] : [];
  });

/** Undefined for a name that is too long for DNS: such an instance cannot be published. */
function absolute(text: string): string | undefined {
  try {
    return renderName(parseName(text));
  } catch (error) {
    if (error instanceof DnsInputError) return undefined;
    throw error;
  }
}

export const listOf = (value: string | undefined): string[] => (value ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
