import type { InstanceEvent, SnapshotContent } from '@weft/contracts';
import { given, PLACE, runningInstance, stoppedInstance, types } from '../testing/given';
import type { LiveInstance } from './instance.state';
import {
  lockForRestore,
  lockForSnapshot,
  lockForSnapshotDelete,
  nextSnapshotName,
  renameSnapshot,
  restored,
  snapshotTaken,
  updateSnapshot,
} from './snapshot.decider';

const content = (name: string): SnapshotContent => ({
  id: `s-${name}`,
  name,
  createdAt: '2030-01-01T00:00:00.000Z',
  expiresAt: null,
  stateful: false,
  architecture: 'x86_64',
  config: { 'user.a': 'old', 'volatile.uuid': 'old' },
  devices: {},
  ephemeral: false,
  profiles: ['p1'],
});
const withSnapshots = (...names: string[]): InstanceEvent[] => [
  ...stoppedInstance,
  ...names.map((name): InstanceEvent => ({ type: 'SnapshotCreated', data: { ...PLACE, operationId: 'op-s', snapshot: content(name) } })),
];
const take = { operationId: 'op', name: 's0', stateful: false };

it('takes a snapshot of a stopped or running instance', () => {
  expect(types(lockForSnapshot(given(stoppedInstance), take))).toEqual(['InstanceLocked']);
  expect(types(lockForSnapshot(given(runningInstance), take))).toEqual(['InstanceLocked']);
});

it.each([
  ['a name that is taken', { ...take, name: 's0' }, 'already exists'],
  ['slashes', { ...take, name: 'a/b' }, 'Invalid snapshot name'],
  ['blanks', { ...take, name: 'a b' }, 'Invalid snapshot name'],
])('refuses %s', (_what, command, sentence) => {
  expect(() => lockForSnapshot(given(withSnapshots('s0')), command)).toThrow(sentence);
});

it('freezes what the instance is, and releases the lock', () => {
  const locked = given([...stoppedInstance, ...lockForSnapshot(given(stoppedInstance), take)]) as LiveInstance;
  const events = snapshotTaken(locked, { ...take, snapshotId: 'sid', expiresAt: null }, new Date(0));
  const after = [...stoppedInstance, ...lockForSnapshot(given(stoppedInstance), take), ...events];
  expect(given(after)).toMatchObject({ lock: null, snapshots: [{ id: 'sid', name: 's0', config: { 'volatile.uuid': 'u1' } }] });
});

it.each([
  [[], 'snap%d', 'snap0'],
  [['snap0', 'snap7', 'other'], 'snap%d', 'snap8'],
  [['daily'], 'daily', 'daily-0'],
  [['daily', 'daily-0'], 'daily', 'daily-1'],
  [[], 'daily', 'daily'],
])('after %j the pattern %s gives %s', (names, pattern, expected) => {
  expect(nextSnapshotName(given(withSnapshots(...names)) as LiveInstance, pattern)).toBe(expected);
});

it('renames to a free name only', () => {
  const state = given(withSnapshots('a', 'b'));
  expect(renameSnapshot(state, 'a', 'c')).toMatchObject([{ type: 'SnapshotRenamed', data: { oldName: 'a', snapshotName: 'c' } }]);
  expect(() => renameSnapshot(state, 'a', 'b')).toThrow('already exists');
  expect(() => renameSnapshot(state, 'x', 'y')).toThrow('Snapshot c1/x does not exist');
  expect(() => renameSnapshot(state, 'a', '')).toThrow('No name provided');
});

it('changes an expiry only when it is another one', () => {
  const state = given(withSnapshots('a'));
  expect(updateSnapshot(state, 'a', null)).toEqual([]);
  expect(types(updateSnapshot(state, 'a', '2031-01-01T00:00:00.000Z'))).toEqual(['SnapshotUpdated']);
});

it('restores content but not identity', () => {
  const history = [...withSnapshots('a'), ...lockForRestore(given(withSnapshots('a')), 'op', 'a')];
  const events = restored(given(history) as LiveInstance, 'op', content('a'));
  expect(given([...history, ...events])).toMatchObject({ lock: null, config: { 'user.a': 'old', 'volatile.uuid': 'u1' } });
});

it('keeps what a copy reads', () => {
  const retained = given([...withSnapshots('a'), { type: 'InstanceRetained', data: { ...PLACE, operationId: 'op-copy' } }]);
  expect(() => lockForSnapshotDelete(retained, 'op', 'a')).toThrow('copy operation');
  expect(() => lockForRestore(retained, 'op', 'a')).toThrow('copy operation');
  expect(types(lockForSnapshot(retained, { ...take, name: 'b' }))).toEqual(['InstanceLocked']);
});
