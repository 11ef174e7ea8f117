import type { Heartbeat } from '@weft/contracts';
import { placeInstance, readTarget, type Candidate, type MemberPolicy, type PlacementNeeds } from './placement';

const heartbeat = (
  changes: Partial<Heartbeat['resources']> = {},
  images: string[] = [],
  types: ('container' | 'virtual-machine')[] = ['container'],
): Heartbeat => ({
  member: '',
  bootId: 'b',
  version: '0',
  at: 0,
  drivers: types.map((type) => ({ name: 'sim', type, version: '1', info: {} })),
  missingDrivers: [],
  resources: {
    cpus: 2,
    memoryBytes: 8e9,
    memoryFreeBytes: 4e9,
    diskBytes: 1e11,
    diskFreeBytes: 5e10,
    architecture: 'x86_64',
    kernelVersion: '',
    osName: '',
    osVersion: '',
    ...changes,
  },
  images,
  instances: [],
});
const member = (name: string, changes: Partial<Candidate> = {}): Candidate => ({
  name,
  online: true,
  heartbeat: heartbeat(),
  assigned: 0,
  placed: 0,
  ...changes,
});
const needs: PlacementNeeds = { type: 'container', architecture: '', fingerprint: '', target: '' };

it('takes the member with the most free memory', () => {
  const busy = member('a', { heartbeat: heartbeat({ memoryFreeBytes: 1e9 }) });
  expect(placeInstance([busy, member('b')], needs)).toEqual({
    member: 'b',
    explanation: '50% of its memory is free, 0 instances run there, 0 are placed there',
  });
});

it('prefers a member that has the image, if it is not much fuller', () => {
  const holder = member('b', { heartbeat: heartbeat({ memoryFreeBytes: 3.9e9 }, ['f1']) });
  expect(placeInstance([member('a'), holder], { ...needs, fingerprint: 'f1' })).toMatchObject({
    member: 'b',
    explanation: expect.stringContaining('has the image'),
  });
  const full = member('b', { heartbeat: heartbeat({ memoryFreeBytes: 1e9 }, ['f1']) });
  expect(placeInstance([member('a'), full], { ...needs, fingerprint: 'f1' }).member).toBe('a');
});

it('spreads idle instances, which use next to nothing', () => {
  const idle = Array.from({ length: 3 }, (_, index) => ({ id: String(index), epoch: 1, status: 'running' as const }));
  const holder = member('a', { heartbeat: { ...heartbeat({ memoryFreeBytes: 4.1e9 }, ['f1']), instances: idle } });
  expect(placeInstance([holder, member('b')], { ...needs, fingerprint: 'f1' }).member).toBe('b');
});

it('counts what is stopped or on its way, and is in no heartbeat', () => {
  expect(placeInstance([member('a', { placed: 3 }), member('b', { placed: 2 })], needs).member).toBe('b');
});

it('spreads a burst: what was just sent to a member counts', () => {
  const members = [member('a'), member('b')];
  const counts: Record<string, number> = {};
  for (let i = 0; i < 20; i += 1) {
    const { member: name } = placeInstance(members, needs);
    members.find((one) => one.name === name)!.assigned += 1;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  expect(counts).toEqual({ a: 10, b: 10 });
});

it('says for each member why not', () => {
  const members = [
    member('off', { online: false }),
    member('vm-only', { heartbeat: heartbeat({}, [], ['virtual-machine']) }),
    member('full', { heartbeat: heartbeat({ diskFreeBytes: 0 }) }),
    member('arm', { heartbeat: heartbeat({ architecture: 'aarch64' }) }),
  ];
  expect(() => placeInstance(members, { ...needs, architecture: 'x86_64' })).toThrow(
    'No member can take the instance (off: offline; vm-only: no driver for containers; full: its disk is full; arm: its architecture is aarch64, not x86_64)',
  );
});

it('says what to do when only room is missing', () => {
  const full = member('full', { heartbeat: heartbeat({ diskFreeBytes: 0 }) });
  for (const target of ['', 'full'])
    expect(() => placeInstance([full], { ...needs, target })).toThrow(
      expect.objectContaining({ code: 'disk.full', message: expect.stringContaining('make the disk larger') }),
    );
});

it('goes where it is told, or says why it cannot', () => {
  const members = [member('a'), member('b', { online: false })];
  expect(placeInstance(members, { ...needs, target: 'a' }).member).toBe('a');
  expect(() => placeInstance(members, { ...needs, target: 'c' })).toThrow('Member c not found');
  expect(() => placeInstance(members, { ...needs, target: 'b' })).toThrow('Member b is offline');
  expect(() => placeInstance([], needs)).toThrow('No member has reported in yet');
});

describe('what administrators say of members', () => {
  const policy = (changes: Partial<MemberPolicy> = {}): MemberPolicy => ({ status: 'active', scheduler: 'all', groups: ['default'], ...changes });
  const gpu = member('b', { policy: policy({ groups: ['gpu'] }) });

  it('keeps a group together, and says why the others are out of it', () => {
    expect(placeInstance([member('a', { policy: policy() }), gpu], { ...needs, group: 'gpu' }).member).toBe('b');
    expect(() => placeInstance([member('a', { policy: policy() })], { ...needs, group: 'gpu' })).toThrow('a: not in group gpu');
  });

  it.each([
    ['manual', 'takes only what names it'],
    ['group', 'takes only what names its group'],
  ] as const)('scheduler.instance=%s', (scheduler, reason) => {
    const shy = member('b', { policy: policy({ scheduler, groups: ['gpu'] }) });
    expect(() => placeInstance([shy], needs)).toThrow(reason);
    expect(placeInstance([shy], { ...needs, target: 'b' }).member).toBe('b');
    if (scheduler === 'group') expect(placeInstance([shy], { ...needs, group: 'gpu' }).member).toBe('b');
    else expect(() => placeInstance([shy], { ...needs, group: 'gpu' })).toThrow(reason);
  });

  it('places nothing on a member that is evacuated or was removed, not even by name', () => {
    const evacuated = member('b', { policy: policy({ status: 'evacuated' }) });
    expect(() => placeInstance([evacuated], { ...needs, target: 'b' })).toThrow('evacuated');
    expect(() => placeInstance([evacuated], needs)).toThrow('b: evacuated');
    expect(() => placeInstance([member('b', { policy: policy({ status: 'removed' }) })], { ...needs, target: 'b' })).toThrow('Member b not found');
  });
});

it.each([
  ['host1', { target: 'host1', group: '' }],
  ['@gpu', { target: '', group: 'gpu' }],
  ['', { target: '', group: '' }],
])('reads the target %j', (text, expected) => expect(readTarget(text)).toEqual(expected));
