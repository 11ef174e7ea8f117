/**
 * JSON text with the keys of every object in one order. The log stores events as `jsonb`, which forgets the order in
 * which an object was written: what is rendered from an event must not depend on it.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, (_key, inner: unknown) => (isObject(inner) ? sorted(inner) : inner));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const sorted = (object: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
