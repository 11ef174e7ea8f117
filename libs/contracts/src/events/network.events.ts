/**
 * Stream `network-<id>`. Every event carries id, project and name, so that a listener needs nothing else.
 *
 * `config` is always the whole configuration as clients see it, `volatile.*` included; addresses in it are settled
 * (`auto` has become an address by the time that an event is written).
 */
import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

const place = { networkId: z.string(), /** the project that owns it */ project: z.string(), name: z.string() };

export const networkType = z.enum(['ovn', 'physical']);
export type NetworkType = z.infer<typeof networkType>;

const content = { type: networkType, description: z.string(), config: stringMap };
/** Configuration that only a member has, by its name. Absent: none has any. */
const memberConfig = { memberConfig: z.record(z.string(), stringMap).optional() };

export const networkEvents = {
  /** What a member has for itself of a network that is not made yet. */
  NetworkMemberDefined: z.object({ ...place, type: networkType, member: z.string(), config: stringMap }),
  /** A member could not have it. `config`: what was asked for. */
  NetworkCreateFailed: z.object({ ...place, ...content, reason: z.string() }),
  NetworkCreated: z.object({
    ...place,
    ...content,
    ...memberConfig,
    /** N in the names of its OVN rows (`weft-net<N>-lr`): unique, never used again. */
    number: z.number().int().positive(),
    /** The network behind the router; `null` for physical networks and for `network=none`. */
    uplinkId: z.string().nullable(),
  }),
  NetworkUpdated: z.object({ ...place, ...content, ...memberConfig, uplinkId: z.string().nullable() }),
  NetworkRenamed: z.object({ ...place, oldName: z.string() }),
  NetworkDeleted: z.object({ ...place, type: networkType }),
  /** OVN holds something else than it should; told before it is mended. `rows` says which, at most 100 of them. */
  NetworkDriftFound: z.object({ ...place, rows: z.array(z.string()), total: z.number().int() }),
  NetworkRepaired: z.object({ ...place, total: z.number().int() }),
} as const;
export type NetworkEvent = EventOf<typeof networkEvents>;
