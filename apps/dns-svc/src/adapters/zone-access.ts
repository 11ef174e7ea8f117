import type { ServedZone, TsigKey } from '@weft/dns';
import { isReference } from '../domain/zone-secrets';
import { peersOf, tsigKeyName, type Peer } from '../domain/zone.config-keys';

/** Who may have a zone, and who is told about it, from the zone's configuration. */
export function accessOf(zone: string, config: Readonly<Record<string, string>>): Pick<ServedZone, 'peers' | 'notify' | 'queries'> {
  // A log without its keys: such a peer lets nobody in, rather than everybody.
  const peers = peersOf(config).filter(({ key }) => key === undefined || !isReference(key));
  return {
    peers: peers.map((peer) => ({ name: peer.name, address: peer.address, key: keyOf(zone, peer) })),
    notify: peers.flatMap((peer) =>
      peer.address === undefined ? [] : [{ name: peer.name, address: peer.address, port: peer.port, key: keyOf(zone, peer), algorithm: peer.algorithm }],
    ),
    queries: config['dns.queries'] === 'peers' ? 'peers' : 'anyone',
  };
}

const keyOf = (zone: string, { name, key, algorithm }: Peer): TsigKey | undefined =>
  key === undefined ? undefined : { name: tsigKeyName(zone, name), secret: Buffer.from(key, 'base64'), ...(algorithm ? { algorithms: [algorithm] } : {}) };
