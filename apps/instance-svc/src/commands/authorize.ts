/**
 * The service's own check of who asks: the gateway has checked already, but another path to a command must not be a
 * way around it. Refusals say as little as LXD's.
 */
import { WeftError, type Meta } from '@weft/contracts';

const refuse = (): never => {
  throw new WeftError('auth.forbidden', 'not authorized');
};

export const isUnrestricted = ({ actor }: Meta): boolean => actor.protocol !== 'untrusted' && actor.projects === null;

/** For what concerns the whole server. */
export function requireUnrestricted(meta: Meta): void {
  if (!isUnrestricted(meta)) refuse();
}

/**
 * For what lives in a project. `project` is the one that really holds the object: a client restricted to a project
 * that shares the profiles or images of another one may use them, but not change them.
 */
export function requireProject({ actor }: Meta, project: string): void {
  if (actor.protocol === 'untrusted') refuse();
  if (actor.projects !== null && !actor.projects.includes(project)) refuse();
}

/** Commands on instances and their snapshots work in the project of the request, and nowhere else. */
export function authorizeCommand(name: string, meta: Meta): void {
  if (/^(instances?|snapshot)\./.test(name)) requireProject(meta, meta.project);
}
