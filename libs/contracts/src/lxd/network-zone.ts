import { z } from 'zod';
import * as lxd from './scalar';

const MAX_ENTRIES = 1_000;
const entry = z.object({ type: lxd.name, ttl: z.number().int().min(0).max(0xffff_ffff).nullish(), value: lxd.text });
const entryList = z
  .array(entry.transform(({ type, ttl, value }) => (ttl ? { type, ttl, value } : { type, value })))
  .max(MAX_ENTRIES, { message: `has more than ${MAX_ENTRIES} entries` });
const entries = entryList.nullish().transform((list) => list ?? []);
const patchEntries = entryList.nullish().transform((list) => list ?? undefined);

export const networkZonesPost = z.object({ name: lxd.name, description: lxd.text, config: lxd.config });
export const networkZonePut = z.object({ description: lxd.text, config: lxd.config });
export const networkZonePatch = z.object({ description: lxd.patchText, config: lxd.patchConfig });

export const networkZoneRecordsPost = z.object({ name: lxd.name, description: lxd.text, entries, config: lxd.config });
export const networkZoneRecordPut = z.object({ description: lxd.text, entries, config: lxd.config });
export const networkZoneRecordPatch = z.object({ description: lxd.patchText, entries: patchEntries, config: lxd.patchConfig });
