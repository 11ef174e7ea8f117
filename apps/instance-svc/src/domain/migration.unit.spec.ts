import type { Heartbeat, InstanceEvent, InstanceSpec, MoveFacts } from '@weft/contracts';
import { given, PLACE, runningInstance, stoppedInstance, types } from '../testing/given';
import { instanceMoved, migrateInstance } from './migration.decider';
import { migrationBlockers, migrationMode, MOVE_LIMITS, moveLimits, predictMigration } from './migration.plan';

const move = { target: 'host2', newName: 'c1' };
const locked: InstanceEvent = { type: 'InstanceLocked', data: { ...PLACE, operationId: 'op', kind: 'migrate' } };

describe('deciding', () => {
  it('holds the instance as it is', () => {
    expect(types(migrateInstance(given(runningInstance), 'op', move))).toEqual(['InstanceLocked']);
    expect(given([...runningInstance, locked])).toMatchObject({ status: 'running', member: 'host1', lock: { kind: 'migrate' } });
  });

  it.each<[string, InstanceEvent[], object, string]>([
    ['the member where it is', stoppedInstance, { ...move, target: 'host1' }, 'on member host1 already'],
    ['what another operation holds', [...stoppedInstance, locked], move, 'Instance is busy running a migrate operation'],
    ['a name that is none', stoppedInstance, { ...move, newName: '-x' }, 'name'],
  ])('refuses %s', (_what, history, command, sentence) => {
    expect(() => migrateInstance(given(history), 'op', command as typeof move)).toThrow(sentence);
  });

  it('makes it the other member’s, with a run of its own, once, and its new name', () => {
    const state = given([...runningInstance, locked]);
    const events = instanceMoved(state, 'op', { member: 'host2', epoch: 2, newName: 'c2' });
    expect(types(events)).toEqual(['InstanceRenamed', 'InstanceMoved']);
    const after = given([...runningInstance, locked, ...events]);
    expect(after).toMatchObject({ member: 'host2', epoch: 2, name: 'c2', status: 'running', lock: { operationId: 'op' } });
    expect(instanceMoved(after, 'op', { member: 'host2', epoch: 2, newName: 'c2' })).toEqual([]);
    expect(instanceMoved(state, 'another', { member: 'host2', epoch: 2, newName: 'c1' })).toEqual([]);
  });
});

describe('planning', () => {
  const MIB = 2 ** 20;
  const member = (name: string, more: { version?: string; accelerator?: string; memory?: number; disk?: number; architecture?: string } = {}) =>
    ({
      member: name,
      drivers: [{ name: 'qemu', type: 'virtual-machine', version: more.version ?? '10.0.2', info: { accelerator: more.accelerator ?? 'kvm' } }],
      resources: { memoryFreeBytes: (more.memory ?? 4096) * MIB, diskFreeBytes: (more.disk ?? 4096) * MIB, architecture: more.architecture ?? 'x86_64' },
    }) as unknown as Heartbeat;
  const facts: MoveFacts = { diskBytes: 1024 * MIB, usedBytes: 512 * MIB, memoryBytes: 1024 * MIB, abi: {}, blockers: [] };
  const vm = { type: 'virtual-machine', architecture: 'x86_64' } as InstanceSpec;
  const blockers = (target: Heartbeat, more: Partial<Parameters<typeof migrationBlockers>[0]> = {}) =>
    migrationBlockers({ mode: 'live', spec: vm, facts, source: member('host1'), target, ...more });

  it('takes memory along where there is one, and a guest agrees', () => {
    expect(migrationMode({ status: 'running', type: 'virtual-machine' }, true)).toBe('live');
    expect(migrationMode({ status: 'running', type: 'virtual-machine' }, false)).toBe('restart');
    expect(migrationMode({ status: 'running', type: 'container' }, true)).toBe('restart');
    expect(migrationMode({ status: 'stopped', type: 'virtual-machine' }, true)).toBe('cold');
    expect(() => migrationMode({ status: 'frozen', type: 'container' }, true)).toThrow('unfreeze it first');
  });

  it('finds nothing in the way between hosts that are alike', () => expect(blockers(member('host2'))).toEqual([]));

  it.each([
    ['another accelerator', member('host2', { accelerator: 'tcg' }), 'the guest runs under kvm, host2 has tcg'],
    ['an older QEMU', member('host2', { version: '8.2.1' }), 'is older than QEMU 10.0.2'],
    ['too little memory', member('host2', { memory: 512 }), 'of memory free'],
    ['too little disk', member('host2', { disk: 100 }), '100MiB free'],
    ['another architecture', member('host2', { architecture: 'aarch64' }), 'aarch64'],
  ])('sees %s', (_what, target, sentence) => expect(blockers(target).join()).toContain(sentence));

  it('lets what starts anew go to other processors', () => {
    expect(blockers(member('host2', { accelerator: 'tcg', version: '8.2.1', memory: 1 }), { mode: 'restart' })).toEqual([]);
  });

  it('predicts from what is to be copied', () => {
    expect(predictMigration('live', facts, MOVE_LIMITS).durationMs).toBeGreaterThan(
      predictMigration('cold', { ...facts, memoryBytes: 0 }, MOVE_LIMITS).durationMs,
    );
    expect(predictMigration('cold', facts, MOVE_LIMITS).downtimeMs).toBe(0);
    expect(predictMigration('live', facts, MOVE_LIMITS).downtimeMs).toBe(MOVE_LIMITS.downtimeMs);
  });

  it('keeps the limits that the instance has', () => {
    expect(moveLimits({})).toEqual(MOVE_LIMITS);
    expect(moveLimits({ 'migration.bandwidth': '10MB', 'migration.timeout': '60', 'migration.downtime': '50' })).toEqual({
      bandwidthBytesPerSecond: 10_000_000,
      downtimeMs: 50,
      longestDowntimeMs: 50,
      timeoutMs: 60_000,
      diskTimeoutMs: 60_000,
    });
    const slow = moveLimits({ 'migration.bandwidth': '1MB' });
    expect(predictMigration('cold', { ...facts, usedBytes: 5_000_000, memoryBytes: 0 }, slow).durationMs).toBe(5_000);
  });
});
