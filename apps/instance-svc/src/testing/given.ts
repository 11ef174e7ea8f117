/** Given events, when a decision, then events or a refusal. */
import type { InstanceEvent } from '@weft/contracts';
import { instanceFold, type InstanceState } from '../domain/instance.state';

export const PLACE = { id: 'i1', project: 'default', name: 'c1' };

export const created: InstanceEvent = {
  type: 'InstanceCreated',
  data: {
    ...PLACE,
    operationId: 'op-create',
    type: 'container',
    member: 'host1',
    imageFingerprint: '',
    createdAt: '2030-01-01T00:00:00.000Z',
    architecture: 'x86_64',
    ephemeral: false,
    description: '',
    config: { 'volatile.uuid': 'u1' },
    devices: {},
    profiles: ['p1'],
    snapshots: [],
    copiedFrom: null,
  },
};
const by = (operationId: string) => ({ ...PLACE, operationId });
export const provisioned: InstanceEvent = { type: 'InstanceProvisioned', data: by('op-create') };
export const starting = (epoch = 1): InstanceEvent => ({ type: 'InstanceStarting', data: { ...by('op-start'), epoch } });
export const started: InstanceEvent = { type: 'InstanceStarted', data: { ...by('op-start'), at: '2030-01-02T00:00:00.000Z' } };
export const stopping: InstanceEvent = { type: 'InstanceStopping', data: by('op-stop') };
export const stoppedInstance = [created, provisioned];
export const runningInstance = [...stoppedInstance, starting(), started];

export const given = (events: readonly InstanceEvent[]): InstanceState => events.reduce(instanceFold.evolve, instanceFold.initial);
export const types = (events: readonly InstanceEvent[]): string[] => events.map((event) => event.type);
