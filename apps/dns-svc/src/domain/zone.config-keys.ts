/** Configuration keys of zones: LXD's, and ours beyond them (`algorithm`, `port`, `dns.contact`, `dns.queries`). */
import { anything, boolean, oneOf, sortedMap, WeftError, type ValueCheck } from '@weft/contracts';
import { isReference } from './zone-secrets';
import { DnsInputError, nameKey, parseName, parseRecord, renderName, type Name, type TsigAlgorithm } from '@weft/dns';

export const ALGORITHMS: readonly TsigAlgorithm[] = ['hmac-sha256', 'hmac-sha512', 'hmac-sha384', 'hmac-sha224', 'hmac-sha1'];
const MAX_NAME_SERVERS = 32;
/** Octets; shorter keys can be guessed, and name servers refuse them or warn (RFC 8945 section 8). */
const MIN_KEY_OCTETS = 10;

export interface Peer {
  name: string;
  address?: string;
  /** base64 */
  key?: string;
  algorithm?: TsigAlgorithm;
  /** Where it listens for NOTIFY. */
  port?: number;
}

const PEER_KEY = /^peers\.([^.]+)\.(address|key|algorithm|port)$/;

const PEER_VALUES: Readonly<Record<string, ValueCheck>> = {
  address: (value) => (isAddress(value) ? undefined : `Not an IP address "${value}"`),
  key: (value) => (isReference(value) ? undefined : checkSecret(value)),
  algorithm: oneOf(...ALGORITHMS),
  port: (value) => (/^[1-9]\d{0,4}$/.test(value) && Number(value) < 65_536 ? undefined : `Not a port "${value}" (1 to 65535)`),
};

const ZONE_VALUES: Readonly<Record<string, ValueCheck>> = {
  'dns.nameservers': (value) => attempt(() => nameServersOf(value)),
  'dns.contact': (value) => attempt(() => contactOf(value)),
  /** Who may ask for single names: everyone, or only peers as in LXD. Transfers are for peers always. */
  'dns.queries': oneOf('anyone', 'peers'),
  'network.nat': boolean,
};

/**
 * Refuses unknown keys and bad values in LXD's words; drops empty values.
 * @param zone the zone's name as text: the names of its TSIG keys begin with it
 */
export function checkZoneConfig(zone: string, config: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(config).filter(([, value]) => value !== '');
  for (const [key, value] of kept) {
    const problem = checkerOf(zone, key)(value);
    if (problem) throw new WeftError('config.invalid', `Invalid value for config option "${key}": ${problem}`);
  }
  const checked = sortedMap(Object.fromEntries(kept));
  for (const peer of peersOf(checked)) {
    if (peer.key === undefined && peer.address === undefined)
      throw new WeftError('config.invalid', `Peer "${peer.name}" has neither an address nor a key: it would let everyone transfer the zone. Set one of them`);
  }
  return checked;
}

/** Keys of records: only the user's own. */
export function checkRecordConfig(config: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(config).filter(([, value]) => value !== '');
  for (const [key] of kept) if (!key.startsWith('user.')) throw unknownKey(key);
  return sortedMap(Object.fromEntries(kept));
}

function checkerOf(zone: string, key: string): ValueCheck {
  if (key.startsWith('user.')) return anything;
  if (Object.hasOwn(ZONE_VALUES, key)) return ZONE_VALUES[key]!;
  const [, peer, part] = PEER_KEY.exec(key) ?? [];
  if (peer === undefined || part === undefined) throw unknownKey(key);
  return (value) => attempt(() => tsigKeyName(zone, peer)) ?? PEER_VALUES[part]!(value);
}

const unknownKey = (key: string): WeftError => new WeftError('config.invalid', `Invalid config option "${key}"`);

/** By name. */
export function peersOf(config: Readonly<Record<string, string>>): Peer[] {
  const peers = new Map<string, Peer>();
  for (const [key, value] of Object.entries(config)) {
    const [, name, part] = PEER_KEY.exec(key) ?? [];
    if (name === undefined || part === undefined) continue;
    const peer = peers.get(name) ?? { name };
    peers.set(name, { ...peer, [part]: part === 'port' ? Number(value) : value });
  }
  return [...peers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** LXD's clients and its documentation name the key so. @throws DnsInputError */
export const tsigKeyName = (zone: string, peer: string): Name => parseName(`${zone}_${peer}.`);

/** The names of a zone's keys, as keys: no two zones may have the same. */
export const tsigKeyNames = (zone: string, config: Readonly<Record<string, string>>): string[] =>
  peersOf(config).flatMap(({ name, key }) => (key === undefined ? [] : [renderName(nameKey(tsigKeyName(zone, name)))]));

/** Absolute names as text. What is written without a final dot counts as absolute, as in LXD. @throws DnsInputError */
export function nameServersOf(list: string | undefined): string[] {
  const names = (list ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  if (names.length > MAX_NAME_SERVERS) throw new DnsInputError('value.too-long', `more than ${MAX_NAME_SERVERS} name servers`);
  for (const name of names) {
    if (isAddress(name)) throw new DnsInputError('value.bad-field', `"${name}" is an address: give the name of the name server, and its address as a record`);
  }
  return [...new Map(names.map((name) => parseName(name)).map((name) => [nameKey(name), renderName(name)])).values()];
}

/** The mailbox of the SOA record (RFC 1035 section 8): `admin@lab.example` -> `admin.lab.example.` @throws DnsInputError */
export function contactOf(value: string): string {
  const at = value.lastIndexOf('@');
  if (at < 0) return renderName(parseName(value));
  if (at === 0) throw new DnsInputError('value.bad-field', `"${value}" is no mail address`);
  return renderName(parseName(`${value.slice(0, at).replaceAll('\\', '\\\\').replaceAll('.', '\\.')}.${value.slice(at + 1)}`));
}

export const isAddress = (text: string): boolean => ['A', 'AAAA'].some((type) => attempt(() => parseRecord(type, text)) === undefined);

function checkSecret(value: string): string | undefined {
  const octets = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
    ? (value.length / 4) * 3 - (/=*$/.exec(value)?.[0].length ?? 0)
    : -1;
  if (octets < 0) return 'Not base64: make a key with "openssl rand -base64 32"';
  return octets < MIN_KEY_OCTETS ? `A key of ${octets} octets is too short: make one with "openssl rand -base64 32"` : undefined;
}

function attempt(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof DnsInputError) return error.message;
    throw error;
  }
}
