import type { CommandHandler } from '../api/command-handler';
import { lxdStatus } from '../domain/instance.document';
import { findInstance } from '../queries/find-instance';

/** A query: nothing is appended, and a repeat may give a newer answer. */
export const locateInstance: CommandHandler<'instance.locate'> = async (deps, meta, body) => {
  const { member, spec, status } = await findInstance(deps.pool, meta.project, body.name);
  return { result: { member, spec, status: lxdStatus(status).text } };
};
