/**
 * TSIG keys stay out of events, which are kept for ever and copied to every reader: an event has a reference in place of
 * the key, and the key itself is in a table of its own. Pure.
 */
import { WeftError } from '@weft/contracts';

const KEY = /^peers\.[^.]+\.key$/;
const REFERENCE = /^hidden:[0-9a-f-]{36}$/;

export const isReference = (value: string): boolean => REFERENCE.test(value);
export const newReference = (id: string): string => `hidden:${id}`;

export interface KnownKeys {
  /** The zone's configuration as events have it. */
  config: Readonly<Record<string, string>>;
  /** Its keys by reference. */
  keys: ReadonlyMap<string, string>;
}

/**
 * `config` with references. A key that stays the same keeps its reference; a client may send a reference back that it
 * has read in a list.
 * @param makeId a new id at each call
 * @throws WeftError `config.invalid` for a reference that the zone does not have
 */
export function hideKeys(
  config: Readonly<Record<string, string>>,
  known: KnownKeys,
  makeId: () => string,
): { config: Record<string, string>; added: { reference: string; key: string }[] } {
  const added: { reference: string; key: string }[] = [];
  const hide = (option: string, value: string): string => {
    if (value === '' || !KEY.test(option)) return value;
    const present = known.config[option];
    if (isReference(value)) {
      if (value === present) return value;
      throw new WeftError(
        'config.invalid',
        `Invalid value for config option "${option}": "${value}" stands for a key that this peer does not have; give the key itself`,
      );
    }
    if (present !== undefined && known.keys.get(present) === value) return present;
    const reference = newReference(makeId());
    added.push({ reference, key: value });
    return reference;
  };
  return { config: Object.fromEntries(Object.entries(config).map(([option, value]) => [option, hide(option, value)])), added };
}

/** The other way round; a reference without a key (a log without its table) stays as it is, and fits nobody. */
export const revealKeys = (config: Readonly<Record<string, string>>, keys: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(config).map(([option, value]) => [option, KEY.test(option) ? (keys.get(value) ?? value) : value]));
