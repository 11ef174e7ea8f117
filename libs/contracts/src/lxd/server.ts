import { z } from 'zod';
import * as lxd from './scalar';

/** `PUT` and `PATCH /1.0`: values may be strings, numbers or booleans; the service keeps strings. */
export const serverPut = z.object({
  config: z
    .record(z.string().max(255), z.union([z.string().max(65_536), z.number(), z.boolean(), z.null()]))
    .nullish()
    .transform((map) => Object.fromEntries(Object.entries(map ?? {}).map(([key, value]) => [key, value === null ? '' : String(value)]))),
});

/** `POST /1.0/certificates`. `password` is the trust password or a whole token. */
export const certificatesPost = z.object({
  name: lxd.name,
  type: lxd.name,
  restricted: lxd.flag,
  projects: lxd.nameList.nullish().transform((list) => list ?? []),
  /** base64 of the DER, without PEM armour. */
  certificate: lxd.text,
  password: lxd.text,
  token: lxd.flag,
});

export const certificatePut = z.object({
  name: lxd.name,
  type: lxd.name,
  restricted: lxd.flag,
  projects: lxd.nameList.nullish().transform((list) => list ?? []),
  certificate: lxd.text,
});

export const certificatePatch = z.object({
  name: lxd.patchText,
  type: lxd.patchText,
  restricted: z.boolean().optional(),
  projects: lxd.nameList.nullish(),
  certificate: lxd.patchText,
});
