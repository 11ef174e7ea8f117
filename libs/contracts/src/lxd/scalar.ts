/**
 * What LXD's JSON bodies are made of. Go decodes a missing or `null` field to its zero value and ignores unknown
 * ones; these shapes do the same, so that every client that LXD accepts is accepted here. Sizes are bounded.
 */
import { z } from 'zod';

const MAX_NAME = 255;
const MAX_TEXT = 65_536;
const MAX_ENTRIES = 2_000;

export const text = z
  .string()
  .max(MAX_TEXT)
  .nullish()
  .transform((value) => value ?? '');
export const name = z
  .string()
  .max(MAX_NAME)
  .nullish()
  .transform((value) => value ?? '');
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
export const integer = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0);

/** A configuration value may be long: cloud-init user data is. The body as a whole is bounded by the reader. */
const value = z.string().max(1_048_576);
export const configMap = z
  .record(z.string().max(MAX_NAME), value)
  .refine((map) => Object.keys(map).length <= MAX_ENTRIES, { message: `has more than ${MAX_ENTRIES} keys` });
export const config = configMap.nullish().transform((map) => map ?? {});
export const deviceMap = z
  .record(z.string().max(MAX_NAME), configMap)
  .refine((map) => Object.keys(map).length <= MAX_ENTRIES, { message: `has more than ${MAX_ENTRIES} devices` });
export const devices = deviceMap.nullish().transform((map) => map ?? {});
export const nameList = z.array(z.string().max(MAX_NAME)).max(MAX_ENTRIES);

/** A field of a PATCH body: left out means "leave alone". */
export const patchText = z.string().max(MAX_TEXT).optional();
export const patchConfig = configMap.nullish().transform((map) => map ?? undefined);
export const patchDevices = deviceMap.nullish().transform((map) => map ?? undefined);
