import { z } from 'zod';
import { stringMap } from '../agent';
import type { EventOf } from './definition';

/** One entry of a custom record as the client wrote it; `ttl` in seconds, left out for the default (300). */
export const zoneEntry = z.object({ type: z.string(), ttl: z.number().int().optional(), value: z.string() });
export type ZoneEntry = z.infer<typeof zoneEntry>;

/** A resource record in presentation format (RFC 1035, 5.1): `name` is absolute and ends with a dot, `ttl` in seconds. */
export const zoneResourceRecord = z.object({ name: z.string(), ttl: z.number().int(), type: z.string(), value: z.string() });
export type ZoneResourceRecord = z.infer<typeof zoneResourceRecord>;

const place = { id: z.string(), project: z.string(), name: z.string() };
const content = { description: z.string(), config: stringMap };

/**
 * Stream `zone-<id>`. `ZoneContentChanged` is the log that serials are read from: what a zone served at a serial is the
 * fold of these events up to it, on every replica and after every rebuild.
 */
export const zoneEvents = {
  ZoneCreated: z.object({ ...place, ...content }),
  /** Always the whole new configuration. */
  ZoneUpdated: z.object({ ...place, ...content }),
  ZoneDeleted: z.object(place),
  ZoneContentChanged: z.object({
    ...place,
    /** 1, 2, 3... without a gap, for ever: the order of changes. */
    change: z.number().int().positive(),
    /** The serial after this change (RFC 1982: it may wrap, `change` does not). */
    serial: z.number().int().min(1).max(0xffff_ffff),
    /** The SOA record's names after this change, absolute. */
    primary: z.string(),
    contact: z.string(),
    removed: z.array(zoneResourceRecord),
    added: z.array(zoneResourceRecord),
    /** The event of another service that led to this; left out when a command on the zone did. */
    cause: z.string().optional(),
  }),
} as const;
export type ZoneEvent = EventOf<typeof zoneEvents>;

const recordPlace = { id: z.string(), zoneId: z.string(), zone: z.string(), project: z.string(), name: z.string() };
const recordContent = { description: z.string(), entries: z.array(zoneEntry), config: stringMap };

/** Stream `zonerecord-<id>`: the custom records, one per owner name. */
export const zoneRecordEvents = {
  ZoneRecordCreated: z.object({ ...recordPlace, ...recordContent }),
  /** Always the whole new content. */
  ZoneRecordUpdated: z.object({ ...recordPlace, ...recordContent }),
  ZoneRecordDeleted: z.object(recordPlace),
} as const;
export type ZoneRecordEvent = EventOf<typeof zoneRecordEvents>;
