import type { InstanceCommandBody } from '@weft/contracts';

/** An empty container, as `lxc init --empty` asks for it. */
export const emptyInstance = (name: string, changes: Partial<InstanceCommandBody<'instance.create'>> = {}): InstanceCommandBody<'instance.create'> => ({
  name,
  type: 'container',
  source: { type: 'none' },
  architecture: '',
  config: {},
  devices: {},
  ephemeral: false,
  profiles: null,
  description: '',
  stateful: false,
  instance_type: '',
  target: '',
  ...changes,
});

export const action = (
  name: string,
  verb: InstanceCommandBody<'instance.set-state'>['action'],
  changes: Partial<InstanceCommandBody<'instance.set-state'>> = {},
): InstanceCommandBody<'instance.set-state'> => ({
  name,
  action: verb,
  timeout: -1,
  force: false,
  stateful: false,
  ...changes,
});
