/**
 * From what a zone's owners have and shall have to events of its log.
 *
 *   owners: before, after --> differences --> ZoneContentChanged, change n+1 (serial s+1), n+2 ...
 *
 * The serial is counted here and nowhere else; it goes up by one for each event and never without a difference. A large
 * change is several events, because an event must fit into a message; each leaves a valid zone, since the records of
 * one name stay together.
 */
import type { ZoneEvent, ZoneResourceRecord } from '@weft/contracts';
import { serialOfVersion } from '@weft/dns';
import type { ActiveZone } from './zone.state';

export interface OwnerChange {
  before: readonly ZoneResourceRecord[];
  after: readonly ZoneResourceRecord[];
}

type ContentChanged = Extract<ZoneEvent, { type: 'ZoneContentChanged' }>;
type Place = Pick<ActiveZone, 'id' | 'project' | 'name' | 'change' | 'serial' | 'primary' | 'contact'>;

/** Characters of JSON in one event: messages of NATS hold 1 MiB. */
const MAX_CHARACTERS = 200_000;

/** What remains the same is in neither list: unchanged content gives no event. `cause`: an event of another service. */
export function contentChanges(zone: Place, owners: readonly OwnerChange[], soa: { primary: string; contact: string }, cause?: string): ContentChanged[] {
  const steps = partition(owners.map(differenceOf).filter(({ removed, added }) => removed.length + added.length > 0));
  if (steps.length === 0 && (soa.primary !== zone.primary || soa.contact !== zone.contact)) steps.push({ removed: [], added: [] });
  const { id, project, name } = zone;
  return steps.map((step, index) => ({
    type: 'ZoneContentChanged',
    data: { id, project, name, change: zone.change + index + 1, serial: serialAfter(zone.serial, index + 1), ...soa, ...step, ...(cause ? { cause } : {}) },
  }));
}

/** RFC 1982: behind 2^32 - 1 comes 1; some software takes 0 for "none". */
export const serialAfter = (serial: number, steps: number): number => serialOfVersion(serial + steps);

interface Step {
  removed: ZoneResourceRecord[];
  added: ZoneResourceRecord[];
}

function differenceOf({ before, after }: OwnerChange): Step {
  const text = ({ name, ttl, type, value }: ZoneResourceRecord): string => `${name} ${ttl} ${type} ${value}`;
  const had = new Set(before.map(text));
  const has = new Set(after.map(text));
  return { removed: before.filter((record) => !has.has(text(record))), added: after.filter((record) => !had.has(text(record))) };
}

function partition(differences: readonly Step[]): Step[] {
  const steps: Step[] = [];
  let characters = MAX_CHARACTERS;
  for (const difference of differences) {
    const size = JSON.stringify(difference).length;
    const last = steps.at(-1);
    if (last && characters + size <= MAX_CHARACTERS) {
      last.removed.push(...difference.removed);
      last.added.push(...difference.added);
      characters += size;
    } else {
      steps.push({ removed: [...difference.removed], added: [...difference.added] });
      characters = size;
    }
  }
  return steps;
}
