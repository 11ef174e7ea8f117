/** Samples of every event version that was ever written. Never edited: a change that breaks one needs a new version and an upcaster. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zoneEvents, zoneRecordEvents, type EventCatalogue } from '@weft/contracts';
import { recordFold } from './zone-record.state';
import { zoneFold } from './zone.state';

interface AnyFold {
  initial: unknown;
  evolve(state: unknown, event: { type: string; data: object }): unknown;
}
const NOUNS: Record<string, { events: EventCatalogue; fold: unknown; before: object }> = {
  zone: { events: zoneEvents, fold: zoneFold, before: { status: 'active', description: 'ours', change: 2, serial: 2, primary: 'ns1.lab.example.' } },
  'zone-record': {
    events: zoneRecordEvents,
    fold: recordFold,
    before: { status: 'active', description: 'web', entries: [{ type: 'TXT', ttl: 900, value: 'hello world' }] },
  },
};

describe.each(Object.entries(NOUNS))('%s', (noun, { events, fold, before }) => {
  const samples = JSON.parse(readFileSync(join(__dirname, `../../golden/${noun}.json`), 'utf8')) as { type: string; data: object }[];

  it('has a sample of every event type, and each can be read', () => {
    expect([...new Set(samples.map(({ type }) => type))].sort()).toEqual(Object.keys(events).sort());
    for (const { type, data } of samples) expect(events[type]!.parse(data)).toEqual(data);
  });

  it('folds as it did', () => {
    const { initial, evolve } = fold as AnyFold;
    const states = samples.reduce<unknown[]>((past, event) => [...past, evolve(past.at(-1) ?? initial, event)], []);
    expect(states.at(-2)).toMatchObject(before);
    expect(states.at(-1)).toEqual({ status: 'deleted' });
  });
});
