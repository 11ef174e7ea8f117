/**
 * The service's own check of who asks: the gateway has checked already, but another path to a command must not be a way
 * around it. Refusals say as little as LXD's.
 */
import { WeftError, type Meta } from '@weft/contracts';

/** @throws WeftError `auth.forbidden` */
export function authorizeCommand(name: string, { actor, project }: Meta): void {
  if (actor.protocol === 'untrusted') refuse();
  if (name === 'zone.project-usage' && actor.protocol !== 'service') refuse();
  if (actor.projects !== null && !actor.projects.includes(project)) refuse();
}

/** `project` really holds the zone: who may use a project that shares it may read it, but not change it. */
export function requireProject({ actor }: Meta, project: string): void {
  if (actor.projects !== null && !actor.projects.includes(project)) refuse();
}

function refuse(): never {
  throw new WeftError('auth.forbidden', 'not authorized');
}
