/**
 * Samples of every event version of the resources that was ever written. They are never edited: a change that breaks
 * one needs a new schema version and an upcaster.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  certificateEvents,
  certificateTokenEvents,
  clusterGroupEvents,
  imageAliasEvents,
  imageEvents,
  imageFileEvents,
  instanceEvents,
  memberEvents,
  operationEvents,
  profileEvents,
  projectEvents,
  serverEvents,
  storagePoolEvents,
  type EventCatalogue,
} from '@weft/contracts';
import { certificateFold, certificateTokenFold } from './certificate.state';
import { clusterGroupFold } from './cluster-group.state';
import { imageAliasFold, imageFileFold, imageFold } from './image.state';
import { instanceFold } from './instance.state';
import { memberFold } from './member.state';
import { operationFold } from './operation.state';
import { profileFold } from './profile.state';
import { projectFold } from './project.state';
import { serverFold } from './server.state';
import { storagePoolFold } from './storage-pool.state';

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
  project: { events: projectEvents, fold: projectFold, ends: { status: 'deleted' } },
  profile: { events: profileEvents, fold: profileFold, ends: { status: 'deleted' } },
  image: { events: imageEvents, fold: imageFold, ends: { status: 'deleted' } },
  'image-file': { events: imageFileEvents, fold: imageFileFold, ends: { members: ['host2'] } },
  'image-alias': { events: imageAliasEvents, fold: imageAliasFold, ends: { status: 'deleted' } },
  'storage-pool': { events: storagePoolEvents, fold: storagePoolFold, ends: { status: 'active', driver: 'dir', description: 'pool' } },
  certificate: { events: certificateEvents, fold: certificateFold, ends: { status: 'none' } },
  'certificate-token': { events: certificateTokenEvents, fold: certificateTokenFold, ends: { status: 'used' } },
  instance: { events: instanceEvents, fold: instanceFold, ends: { status: 'deleted' } },
  operation: { events: operationEvents, fold: operationFold, ends: { status: 'ended' } },
  member: { events: memberEvents, fold: memberFold, ends: { status: 'invited' } },
  'cluster-group': { events: clusterGroupEvents, fold: clusterGroupFold, ends: { status: 'deleted' } },
  server: { events: serverEvents, fold: serverFold, ends: { config: { 'core.trust_password': 'true', 'user.abc': '1' } } },
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
  const known = new Set(Object.keys(NOUNS));
  const others = readdirSync(GOLDEN)
    .map((name) => name.replace(/\.json$/, ''))
    .filter((noun) => !known.has(noun));
  // Instances, snapshots, operations and members have their own spec.
  expect(others.filter((noun) => !['instance', 'snapshot', 'operation', 'member'].includes(noun))).toEqual([]);
});
