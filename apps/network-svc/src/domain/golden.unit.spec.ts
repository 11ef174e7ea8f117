/**
 * Samples of every event version that was ever written. They are never edited: a change that breaks one needs a new
 * schema version and an upcaster.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  networkAclEvents,
  networkEvents,
  networkForwardEvents,
  networkPeerEvents,
  networkPeerGroupEvents,
  portEvents,
  type EventCatalogue,
} from '@weft/contracts';
import { aclFold } from './acl.state';
import { forwardFold } from './forward.state';
import { networkFold } from './network.state';
import { pairingFold } from './pairing.state';
import { peerGroupFold } from './peer-group.decider';
import { portFold } from './port.state';

const GOLDEN = join(__dirname, '../../golden');
interface Sample {
  type: string;
  schemaVersion: number;
  data: object;
}
interface AnyFold {
  initial: unknown;
  evolve(state: unknown, event: { type: string; data: object }): unknown;
}
const NOUNS: Record<string, { events: EventCatalogue; fold: unknown; ends: object }> = {
  network: { events: networkEvents, fold: networkFold, ends: { status: 'deleted' } },
  'network-acl': { events: networkAclEvents, fold: aclFold, ends: { status: 'deleted' } },
  'network-forward': { events: networkForwardEvents, fold: forwardFold, ends: { status: 'deleted' } },
  'network-peer': { events: networkPeerEvents, fold: pairingFold, ends: { consents: [{ name: 'to-blue', status: 'errored' }] } },
  'network-peer-group': { events: networkPeerGroupEvents, fold: peerGroupFold, ends: { status: 'deleted' } },
  'network-port': { events: portEvents, fold: portFold, ends: { status: 'none' } },
};

describe.each(Object.entries(NOUNS))('%s', (noun, { events, fold, ends }) => {
  const samples = JSON.parse(readFileSync(join(GOLDEN, `${noun}.json`), 'utf8')) as Sample[];

  it('has a sample of every event type', () => {
    expect([...new Set(samples.map(({ type }) => type))].sort()).toEqual(Object.keys(events).sort());
  });

  it.each(samples.map((sample) => [`${sample.type} v${sample.schemaVersion}`, sample] as const))('%s can still be read', (_name, { type, data }) => {
    expect(events[type]!.parse(data)).toEqual(data);
  });

  it('folds as it did', () => {
    const { initial, evolve } = fold as AnyFold;
    expect(samples.reduce<unknown>((state, event) => evolve(state, event), initial)).toMatchObject(ends);
  });
});

it('no sample is left without a noun', () => {
  expect(readdirSync(GOLDEN).sort()).toEqual(
    Object.keys(NOUNS)
      .map((noun) => `${noun}.json`)
      .sort(),
  );
});
