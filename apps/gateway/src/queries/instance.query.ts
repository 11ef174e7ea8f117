import { WeftError, type InstanceSpec, type Meta } from '@weft/contracts';
import type { Deps } from '../gateway.deps';
import type { Collection } from './list.query';

export const INSTANCES: Collection = {
  view: 'instance.instance_v1',
  path: ['instances'],
  key: 'name',
  projects: true,
  columns: { name: 'name', type: 'type', status: 'status', location: 'member', project: 'project' },
  full: 'full_doc',
};

export const GET_INSTANCE = { name: 'instance', sql: 'select doc, etag from instance.instance_v1 where project = $1 and name = $2' };
export const GET_INSTANCE_FULL = { name: 'instance-full', sql: 'select full_doc, etag from instance.instance_v1 where project = $1 and name = $2' };
export const GET_INSTANCE_STATE = { name: 'instance-state', sql: 'select state_doc, status from instance.instance_v1 where project = $1 and name = $2' };

export const instanceNotFound = (): WeftError => new WeftError('instance.not-found', 'Instance not found');

/** Where an instance lives and all that its agent needs to know about it. */
export interface Located {
  member: string;
  spec: InstanceSpec;
  status: string;
}

export const locate = (deps: Deps, name: string, meta: Meta): Promise<Located> => deps.commands.send<Located>('instance.locate', { name }, meta);
