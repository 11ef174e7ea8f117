import type { InstanceEvent } from '@weft/contracts';
import { created, given, PLACE, runningInstance, started, starting, stoppedInstance, stopping, types } from '../testing/given';
import { deleteInstance, finish, freezeInstance, restartInstance, running, startInstance, stopInstance, unfreezeInstance } from './instance.decider';
import type { InstanceState } from './instance.state';

const frozen: InstanceEvent[] = [
  ...runningInstance,
  { type: 'InstanceFreezing', data: { ...PLACE, operationId: 'op-f' } },
  { type: 'InstanceFrozen', data: { ...PLACE, operationId: 'op-f' } },
];

describe('start', () => {
  it('begins a new run epoch every time', () => {
    expect(startInstance(given(stoppedInstance), 'op')).toEqual([{ type: 'InstanceStarting', data: { ...PLACE, operationId: 'op', epoch: 1 } }]);
    const again = given([...runningInstance, stopping, { type: 'InstanceStopped', data: { ...PLACE, operationId: 'op-stop', reason: 'requested' } }]);
    expect(startInstance(again, 'op')).toMatchObject([{ data: { epoch: 2 } }]);
  });
  it.each<[string, readonly InstanceEvent[], string]>([
    ['what is not there', [], 'Instance not found'],
    ['what runs', runningInstance, 'The instance is already running'],
    ['what is frozen', frozen, 'The instance is frozen'],
    ['what is being made', [created], 'Instance is busy running a create operation'],
    ['what is being started', [...stoppedInstance, starting()], 'Instance is busy running a start operation'],
  ])('refuses %s', (_what, history, sentence) => {
    expect(() => startInstance(given(history), 'op')).toThrow(sentence);
  });
});

describe('stop', () => {
  it('takes what runs, and what is frozen', () => {
    expect(types(stopInstance(given(runningInstance), 'op', false))).toEqual(['InstanceStopping']);
    expect(types(stopInstance(given(frozen), 'op', true))).toEqual(['InstanceStopping']);
  });
  it('takes a stop that hangs over by force, and only by force', () => {
    const hanging = given([...runningInstance, stopping]);
    expect(types(stopInstance(hanging, 'op', true))).toEqual(['InstanceStopping']);
    expect(() => stopInstance(hanging, 'op', false)).toThrow('Instance is busy running a stop operation');
  });
  it('refuses what is stopped', () => {
    expect(() => stopInstance(given(stoppedInstance), 'op', false)).toThrow('The instance is already stopped');
  });
});

it('restarts, freezes and unfreezes only what is in the right status', () => {
  expect(restartInstance(given(runningInstance), 'op')).toMatchObject([{ type: 'InstanceRestarting', data: { epoch: 2 } }]);
  expect(() => restartInstance(given(stoppedInstance), 'op')).toThrow('not running');
  expect(types(freezeInstance(given(runningInstance), 'op'))).toEqual(['InstanceFreezing']);
  expect(() => freezeInstance(given(frozen), 'op')).toThrow('already frozen');
  expect(types(unfreezeInstance(given(frozen), 'op'))).toEqual(['InstanceUnfreezing']);
  expect(() => unfreezeInstance(given(runningInstance), 'op')).toThrow('already running');
});

describe('delete', () => {
  it('takes what is stopped', () => {
    expect(types(deleteInstance(given(stoppedInstance), 'op'))).toEqual(['InstanceDeleting']);
  });
  it('refuses what runs, is protected, or is being copied', () => {
    expect(() => deleteInstance(given(runningInstance), 'op')).toThrow('Instance is running');
    const guarded = given([
      { ...created, data: { ...created.data, config: { 'security.protection.delete': 'true' } } } as InstanceEvent,
      ...stoppedInstance.slice(1),
    ]);
    expect(() => deleteInstance(guarded, 'op')).toThrow('Instance is protected');
    const copied = given([...stoppedInstance, { type: 'InstanceRetained', data: { ...PLACE, operationId: 'op-copy' } }]);
    expect(() => deleteInstance(copied, 'op')).toThrow('busy running a copy operation');
    const released = given([
      ...stoppedInstance,
      { type: 'InstanceRetained', data: { ...PLACE, operationId: 'x' } },
      { type: 'InstanceReleased', data: { ...PLACE, operationId: 'x' } },
    ]);
    expect(types(deleteInstance(released, 'op'))).toEqual(['InstanceDeleting']);
  });
});

describe('the end of an operation', () => {
  const end = (state: InstanceState, id: string) => finish(state, id, () => [{ type: 'InstanceProvisioned', data: { ...PLACE, operationId: id } }]);
  it('counts only for the operation that holds the instance', () => {
    expect(types(end(given([created]), 'op-create'))).toEqual(['InstanceProvisioned']);
    expect(end(given([created]), 'another')).toEqual([]);
    expect(end(given(stoppedInstance), 'op-create')).toEqual([]);
    expect(end(given([]), 'op-create')).toEqual([]);
  });
});

describe('what is remembered of the power', () => {
  const power = (events: readonly InstanceEvent[]) => (given(events) as { config: Record<string, string> }).config['volatile.last_state.power'];
  it('says RUNNING after a start, and STOPPED after a stop', () => {
    expect(power(runningInstance)).toBe('RUNNING');
    expect(power([...runningInstance, { type: 'InstanceStopped', data: { ...PLACE, operationId: 'o', reason: 'guest' } }])).toBe('STOPPED');
  });
  it('still says RUNNING when the host ended, so that the instance comes back', () => {
    expect(power([...runningInstance, { type: 'InstanceStopped', data: { ...PLACE, operationId: 'o', reason: 'host' } }])).toBe('RUNNING');
  });
  it('says STOPPED after a start that failed: it is not tried for ever', () => {
    const failed: InstanceEvent = { type: 'InstanceActionFailed', data: { ...PLACE, operationId: 'op-start', status: 'stopped', message: 'no init' } };
    expect(power([...runningInstance, { type: 'InstanceStopped', data: { ...PLACE, operationId: 'o', reason: 'host' } }, starting(2), failed])).toBe('STOPPED');
  });
});

it('lets nothing happen to what is deleted', () => {
  const gone = given([...stoppedInstance, { type: 'InstanceDeleted', data: { ...PLACE, operationId: 'o', reason: 'requested' } }, started]);
  expect(gone).toEqual({ status: 'deleted', id: 'i1' });
});

it('knows what exec needs', () => {
  expect(() => running({ status: 'stopped' })).toThrow('Instance is not running');
  expect(() => running({ status: 'frozen' })).toThrow('Instance is frozen');
  expect(() => running({ status: 'running' })).not.toThrow();
});
