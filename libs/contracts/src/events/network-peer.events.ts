/**
 * Stream `network-pairing-<id>`: two networks and the consent of each. The id is derived from the two names, so both
 * sides write to one stream and cannot miss each other.
 */
import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

/** `peerId` is one side's peer; `project` and `networkName` are of the network that has it. */
const place = {
  pairingId: z.string(),
  peerId: z.string(),
  networkId: z.string(),
  project: z.string(),
  networkName: z.string(),
  name: z.string(),
};

export const networkPeerEvents = {
  /** One side agrees. */
  NetworkPeerCreated: z.object({
    ...place,
    description: z.string(),
    config: stringMap,
    targetProject: z.string(),
    targetNetwork: z.string(),
    /** The peer group that made it, if one did. */
    groupId: z.string().nullable(),
  }),
  /** Both sides have agreed: packets may flow. */
  NetworkPeersLinked: z.object({ pairingId: z.string(), peerIds: z.tuple([z.string(), z.string()]), networkIds: z.tuple([z.string(), z.string()]) }),
  NetworkPeerUpdated: z.object({ ...place, description: z.string(), config: stringMap }),
  /** `erroredPeerId`: the other side's peer, which has lost its partner and shows as Errored from now on. */
  NetworkPeerDeleted: z.object({ ...place, erroredPeerId: z.string().nullable() }),
} as const;
export type NetworkPeerEvent = EventOf<typeof networkPeerEvents>;

const groupPlace = { groupId: z.string(), project: z.string(), name: z.string() };
const groupContent = { description: z.string(), config: stringMap, /** network ids */ members: z.array(z.string()) };

/** Stream `network-peer-group-<id>`: networks of which each is a peer of each other one. */
export const networkPeerGroupEvents = {
  NetworkPeerGroupCreated: z.object({ ...groupPlace, ...groupContent }),
  /** Always the whole new content. */
  NetworkPeerGroupUpdated: z.object({ ...groupPlace, ...groupContent }),
  NetworkPeerGroupDeleted: z.object(groupPlace),
} as const;
export type NetworkPeerGroupEvent = EventOf<typeof networkPeerGroupEvents>;
