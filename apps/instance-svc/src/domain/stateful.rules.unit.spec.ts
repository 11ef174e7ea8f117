import type { InstanceEvent, InstanceSpec } from '@weft/contracts';
import { given, PLACE, runningInstance, stopping } from '../testing/given';
import { startInstance } from './instance.decider';
import type { LiveInstance } from './instance.state';
import { statefulRestore, statefulSnapshot, statefulStop } from './stateful.rules';

const vm: InstanceSpec = {
  id: 'i1', project: 'default', name: 'v1', type: 'virtual-machine', architecture: 'x86_64', ephemeral: false, imageFingerprint: '',
  config: { 'migration.stateful': 'true' }, devices: {},
}; // prettier-ignore
const stopped = (stateful?: boolean): InstanceEvent[] => [
  ...runningInstance,
  stopping,
  { type: 'InstanceStopped', data: { ...PLACE, operationId: 'op-stop', reason: 'requested', ...(stateful ? { stateful } : {}) } },
];

it('keeps the memory of virtual machines that may keep it', () => {
  expect(() => statefulStop(vm)).not.toThrow();
  expect(() => statefulStop({ ...vm, config: {} })).toThrow('Stateful stop requires migration.stateful to be set to true');
  expect(() => statefulStop({ ...vm, ephemeral: true })).toThrow('ephemeral');
  expect(() => statefulStop({ ...vm, type: 'container' })).toThrow("CRIU isn't installed");
});

it('takes a stateful snapshot of what runs', () => {
  expect(() => statefulSnapshot(vm, { status: 'running' })).not.toThrow();
  expect(() => statefulSnapshot(vm, { status: 'stopped' })).toThrow("Unable to create a stateful snapshot. The instance isn't running");
  expect(() => statefulSnapshot({ ...vm, config: {} }, { status: 'running' })).toThrow('migration.stateful');
  expect(() => statefulRestore({ stateful: false })).toThrow('Instance has no existing state to restore');
});

it('goes on where it was once, when there is something to go on with', () => {
  expect(() => startInstance(given(stopped()), 'op', true)).toThrow('Instance has no existing state to restore');
  const kept = given(stopped(true));
  expect(kept).toMatchObject({ stateful: true });
  const again = [...startInstance(kept, 'op', true), { type: 'InstanceStarted', data: { ...PLACE, operationId: 'op', at: '' } } as const];
  expect((given([...stopped(true), ...again]) as LiveInstance).stateful).toBe(false);
});
