import { type Name, nameKey, renderName } from '../names/name';
import type { ServedZone, ZonePeer } from '../zone-source';
import { canonicalAddress } from './address';
import type { Refusal, RefusalReason } from './dns-report';

const canonical = new WeakMap<ZonePeer, string>();

const addressOf = (peer: ZonePeer): string | undefined => {
  if (peer.address === undefined) return undefined;
  let address = canonical.get(peer);
  if (address === undefined) canonical.set(peer, (address = canonicalAddress(peer.address)));
  return address;
};

/** Which rule keeps a client out; undefined when some peer's rule lets it in. `keyName`: of the request's valid signature. */
export const refusalReason = (zone: ServedZone, clientAddress: string, keyName: Name | undefined): RefusalReason | undefined => {
  if (zone.peers.length === 0) return 'no-peers';
  const address = canonicalAddress(clientAddress);
  const here = zone.peers.filter((peer) => peer.address === undefined || addressOf(peer) === address);
  if (here.length === 0) return 'address-not-allowed';
  if (here.some((peer) => !peer.key)) return undefined;
  if (!keyName) return 'key-missing';
  const key = nameKey(keyName);
  return here.some((peer) => nameKey(peer.key!.name) === key) ? undefined : 'key-of-another-peer';
};

const SENTENCES: Readonly<Record<RefusalReason, (refusal: Refusal) => string>> = {
  'zone-unknown': () => 'there is no such zone here: check the name that the peer is configured with',
  'no-peers': () => 'the zone has no peers: add one with peers.<name>.address or peers.<name>.key',
  'address-not-allowed': ({ clientAddress }) => `no peer of the zone has the address ${clientAddress}: set peers.<name>.address to it`,
  'key-missing': () => 'the request is not signed, and the peer needs its key: configure the TSIG key there',
  'key-unknown': ({ keyName }) =>
    `the request is signed with the key ${keyName ? renderName(keyName) : 'of no name'}, which is unknown here: the name must be <zone>_<peer>. and the algorithm one of hmac-sha1 to hmac-sha512`,
  'key-of-another-peer': ({ keyName }) => `the request is signed with the key ${keyName ? renderName(keyName) : ''}, which is not of a peer at this address`,
  'algorithm-not-allowed': () => 'the request is signed with an algorithm that this key is not for',
  'signature-wrong': () => 'the signature is wrong: the secret differs, or the request was changed on its way',
  'signature-too-short': () => 'the signature is truncated: the peer must send whole ones',
  'time-differs': ({ clockDifferenceSeconds = 0 }) =>
    `the peer's clock is ${Math.abs(clockDifferenceSeconds)} s ${clockDifferenceSeconds > 0 ? 'ahead of' : 'behind'} ours: set it right`,
  'udp-transfer': () => 'a whole zone is transferred by TCP only',
  'not-a-secondary': () => 'this server is the primary: it takes no notifications',
  'class-not-served': () => 'only class IN is served',
  'too-many-connections': () => 'there are too many TCP connections, of all clients or of this one',
  'rate-limited': () => 'too many answers go to this network: the client may ask by TCP',
};

/** A sentence for the log and the API: what was refused, to whom, and what to do. */
export const explainRefusal = (refusal: Refusal): string => {
  const zone = refusal.zone ? ` of ${renderName(refusal.zone)}` : '';
  return `${refusal.what}${zone} refused to ${refusal.clientAddress} (${refusal.transport}): ${SENTENCES[refusal.reason](refusal)}`;
};
