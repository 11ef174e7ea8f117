/**
 * ETags as LXD computes them: sha256, in hex, over Go's JSON encoding of the fields that a client may write, with the
 * newline that Go's encoder ends with. Checked against recorded exchanges of LXD 5.0.2 (etag.unit.spec.ts), so that
 * a client may carry an ETag from one server to another.
 */
import { createHash } from 'node:crypto';
import { WeftError } from '../errors';

const GO_ESCAPES: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', '\u2028': '\\u2028', '\u2029': '\\u2029' };

/** Keys in the order in which Go writes a map: by byte. */
export const sortedMap = <V>(map: Readonly<Record<string, V>>): Record<string, V> =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

/** Devices: a map of maps. */
export const sortedMaps = <V>(maps: Readonly<Record<string, Record<string, V>>>): Record<string, Record<string, V>> =>
  sortedMap(Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, sortedMap(map)])));

/** `value` is a list of fields, or an object whose keys are in LXD's order. Maps in it must be sorted. */
export function etagOf(value: object): string {
  const json = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => GO_ESCAPES[c]!);
  return createHash('sha256').update(json).update('\n').digest('hex');
}

/** Refuses with `etag.mismatch` when the client saw another version than `current`. Nothing given: nothing checked. */
export function checkEtag(ifMatch: string | undefined, current: string): void {
  const wanted = ifMatch?.trim().replace(/^"(.*)"$/, '$1');
  if (wanted && wanted !== '*' && wanted !== current) throw new WeftError('etag.mismatch', `ETag doesn't match: ${current} vs ${wanted}`);
}
