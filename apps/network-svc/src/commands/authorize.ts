/**
 * The service's own check of who asks: the gateway has checked already, but another path to a command must not be a way
 * around it.
 */
import { WeftError, type Meta } from '@weft/contracts';

const refuse = (): never => {
  throw new WeftError('auth.forbidden', 'not authorized');
};

/**
 * `project` is the one that really holds the network: a client restricted to a project that shares the networks of
 * another one may use them, but not change them.
 */
export function requireProject({ actor }: Meta, project: string): void {
  if (actor.protocol === 'untrusted') refuse();
  if (actor.projects !== null && !actor.projects.includes(project)) refuse();
}

export const mayUse = ({ actor }: Meta, project: string): boolean =>
  actor.protocol !== 'untrusted' && (actor.projects === null || actor.projects.includes(project));

/** Ports belong to services; everything else is checked where the project that holds the object is known. */
export function authorizeCommand(name: string, meta: Meta): void {
  if (meta.actor.protocol === 'untrusted') refuse();
  if ((name.startsWith('port.') || name === 'network.project-usage') && meta.actor.protocol !== 'service') refuse();
}
