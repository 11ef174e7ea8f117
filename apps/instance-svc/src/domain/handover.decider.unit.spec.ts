import type { InstanceEvent } from '@weft/contracts';
import { given, PLACE, runningInstance, stoppedInstance, stopping, types } from '../testing/given';
import { arrivedSnapshot, handOver, lockForRefresh, refreshed, travelling } from './handover.decider';
import type { LiveInstance } from './instance.state';

const whole = { live: true, snapshot: '' };
const content = {
  id: 's1',
  name: 's0',
  createdAt: '2030-01-03T00:00:00.000Z',
  expiresAt: null,
  stateful: false,
  architecture: 'x86_64',
  config: { 'user.color': 'blue', 'volatile.uuid': 'theirs' },
  devices: {},
  ephemeral: false,
};
const snapshot: InstanceEvent = { type: 'SnapshotCreated', data: { ...PLACE, operationId: 'op-snap', snapshot: { ...content, profiles: ['p1'] } } };
const withMemory: InstanceEvent[] = [
  ...runningInstance,
  stopping,
  { type: 'InstanceStopped', data: { ...PLACE, operationId: 'op-stop', reason: 'requested', stateful: true } },
];

describe('to another server', () => {
  it.each([
    ['what is stopped', stoppedInstance, whole],
    ['what runs, without its memory', runningInstance, { live: false, snapshot: '' }],
    ['a snapshot of what runs', [...runningInstance, snapshot], { live: true, snapshot: 's0' }],
  ])('%s is held while it is sent', (_what, history, order) => {
    const events = handOver(given(history), 'op', order);
    expect(types(events)).toEqual(['InstanceLocked']);
    expect(given([...history, ...events])).toMatchObject({ lock: { operationId: 'op', kind: 'migrate' } });
  });

  it.each<[string, InstanceEvent[], typeof whole, string]>([
    ['what runs, with its memory', runningInstance, whole, "CRIU isn't installed on the source server"],
    ['a snapshot that is none', stoppedInstance, { live: true, snapshot: 's0' }, 'does not exist'],
    ['what has kept its memory', withMemory, whole, 'start it and stop it first'],
    ['what another operation holds', [...runningInstance, stopping], whole, 'busy running a stop operation'],
  ])('refuses %s', (_what, history, order, sentence) => {
    expect(() => handOver(given(history), 'op', order)).toThrow(sentence);
  });

  it('snapshots go along without the profiles, which are this server’s', () => {
    const instance = given([...stoppedInstance, snapshot]) as LiveInstance;
    expect(travelling(instance, { instanceOnly: false, snapshot: '' })).toEqual([content]);
    expect(travelling(instance, { instanceOnly: true, snapshot: '' })).toEqual([]);
    expect(travelling(instance, { instanceOnly: false, snapshot: 's0' })).toEqual([]);
  });
});

it('a snapshot that has come has the profiles and identities of the instance here', () => {
  const instance = given(stoppedInstance) as LiveInstance;
  expect(given([...stoppedInstance, arrivedSnapshot(instance, 'op', content)])).toMatchObject({
    snapshots: [{ id: 's1', name: 's0', profiles: ['p1'], config: { 'user.color': 'blue', 'volatile.uuid': 'u1' } }],
  });
});

describe('what is refreshed', () => {
  it.each<[string, InstanceEvent[], string]>([
    ['runs', runningInstance, 'Cannot refresh a running instance'],
    ['has kept its memory', withMemory, 'start it and stop it first'],
  ])('is refused when it %s', (_what, history, sentence) => {
    expect(() => lockForRefresh(given(history), 'op')).toThrow(sentence);
  });

  it('has the snapshots that have come, and no others', () => {
    const history = [...stoppedInstance, snapshot];
    expect(types(lockForRefresh(given(history), 'op'))).toEqual(['InstanceLocked']);
    const later = { ...content, id: 's2', name: 's1' };
    const after = (came: (typeof content)[]) => given([...history, ...refreshed(given(history) as LiveInstance, 'op', came)]);
    expect(after([content, later])).toMatchObject({ snapshots: [{ id: 's1' }, { id: 's2', name: 's1' }] });
    expect(after([{ ...content, id: 's3' }])).toMatchObject({ snapshots: [{ id: 's3', name: 's0' }] });
    expect(after([])).toMatchObject({ snapshots: [] });
  });
});
