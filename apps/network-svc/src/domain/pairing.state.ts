/**
 * Two networks and the consent of each, in one stream whose id is made of the two names.
 *
 *   nobody --A agrees--> A pending --B agrees--> linked --A takes it back--> B errored --B deletes--> nobody
 *                            |                                                   |
 *                            +--A takes it back--> nobody                        +--A agrees--> A pending, B errored
 *
 * What a client sees: a consent without its partner is Pending, of a linked pair it is Created; one that has lost its
 * partner is Errored, shows no target, and counts for nothing until it is deleted. It never stands in the way: its
 * network may agree again under another name.
 */
import { derivedId, etagOf, sortedMap, type NetworkPeerEvent } from '@weft/contracts';
import type { Fold } from '@weft/event-store';

/** One side's peer. */
export interface Consent {
  peerId: string;
  networkId: string;
  project: string;
  networkName: string;
  name: string;
  description: string;
  config: Record<string, string>;
  targetProject: string;
  targetNetwork: string;
  groupId: string | null;
  status: 'pending' | 'created' | 'errored';
}

/** At most one consent of each network is not errored. */
export interface Pairing {
  consents: readonly Consent[];
}

export interface NetworkName {
  project: string;
  network: string;
}

export const pairingFold: Fold<Pairing, NetworkPeerEvent> = {
  initial: { consents: [] },
  evolve({ consents }, event) {
    const change = (ids: readonly string[], with_: Partial<Consent>): Pairing => ({
      consents: consents.map((one) => (ids.includes(one.peerId) ? { ...one, ...with_ } : one)),
    });
    switch (event.type) {
      case 'NetworkPeerCreated': {
        const { pairingId: _pairing, ...consent } = event.data;
        return { consents: [...consents, { ...consent, status: 'pending' }] };
      }
      case 'NetworkPeersLinked':
        return change(event.data.peerIds, { status: 'created' });
      case 'NetworkPeerUpdated':
        return change([event.data.peerId], { description: event.data.description, config: event.data.config });
      case 'NetworkPeerDeleted': {
        const { peerId, erroredPeerId } = event.data;
        const left = erroredPeerId === null ? { consents } : change([erroredPeerId], { status: 'errored' });
        return { consents: left.consents.filter((one) => one.peerId !== peerId) };
      }
      default:
        return event satisfies never;
    }
  },
};

const word = ({ project, network }: NetworkName): string => `${project}/${network}`;

/** The same from either side. */
export const pairingId = (a: NetworkName, b: NetworkName): string => derivedId('network-pairing', ...[word(a), word(b)].sort());
export const pairingStream = (id: string): string => `network-pairing-${id}`;

export const peerEtag = ({ name, description, config }: Pick<Consent, 'name' | 'description' | 'config'>): string =>
  etagOf([name, description, sortedMap(config)]);
