import { WeftError } from '@weft/contracts';
import { aclNames } from '@weft/ovn';
import type { CommandHandler } from '../api/command-handler';
import { projectOf } from '../queries/find-project';
import { mayUse } from './authorize';

/** What the names of an ACL's rules begin with in the logs of hosts. */
export const readAclLogPrefix: CommandHandler<'network-acl.log-prefix'> = async (deps, meta, { name }) => {
  const project = await projectOf(deps, meta);
  if (!mayUse(meta, project.name)) throw new WeftError('auth.forbidden', 'not authorized');
  const { rows } = await deps.pool.query<{ number: number }>('SELECT number FROM acl WHERE project = $1 AND name = $2', [project.owner, name]);
  if (!rows[0]) throw new WeftError('network-acl.not-found', 'Network ACL not found');
  return { result: { prefix: `${aclNames(rows[0].number).portGroup}-` } };
};
