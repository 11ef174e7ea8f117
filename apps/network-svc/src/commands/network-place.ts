import { isTrue, WeftError, type Meta } from '@weft/contracts';
import type { Fold, NewEvent, UnitOfWork } from '@weft/event-store';
import type { UplinkFacts } from '../domain/network.facts';
import { DEFAULT_PROJECT, isPending, networkFold, networkStream, type ActiveNetwork, type PendingNetwork } from '../domain/network.state';
import type { Deps } from '../network.deps';
import type { Queryable } from '../queries/database';
import { pendingNetworkId, requireNetwork, requireUplink } from '../queries/find-networks';
import { projectOf, restriction, type ProjectFacts } from '../queries/find-project';
import { requireProject } from './authorize';

/** The project of a command that changes networks. @throws WeftError `project.not-found`, `auth.forbidden` */
export async function ownProject(deps: Deps, meta: Meta): Promise<ProjectFacts> {
  const project = await projectOf(deps, meta);
  requireProject(meta, project.owner);
  return project;
}

/** The network that a command is about, from the log. @throws WeftError `network.not-found` */
export async function loadNetwork(deps: Deps, uow: UnitOfWork, project: ProjectFacts, name: string): Promise<ActiveNetwork> {
  const { networkId } = await requireNetwork(deps.pool, project.owner, name);
  const { state } = await uow.load(networkFold, networkStream(networkId));
  if (state.status !== 'active') throw new WeftError('network.not-found', 'Network not found');
  return state;
}

/** The network of that name that members have told of and that is not made yet, from the log. */
export async function loadPending({ pool }: Deps, uow: UnitOfWork, project: ProjectFacts, name: string): Promise<PendingNetwork | undefined> {
  const id = await pendingNetworkId(pool, project.owner, name);
  const state = id === undefined ? networkFold.initial : await loadState(uow, networkFold, networkStream(id));
  return isPending(state) ? state : undefined;
}

/** With the project that events are published under. */
export function appendIn<E extends NewEvent>(uow: UnitOfWork, project: string, stream: string, events: readonly E[]): void {
  if (events.length > 0)
    uow.append(
      stream,
      events.map((event) => ({ ...event, project })),
    );
}

export async function loadState<S, E extends NewEvent>(uow: UnitOfWork, fold: Fold<S, E>, stream: string): Promise<S> {
  return (await uow.load(fold, stream)).state;
}

/**
 * The uplink that an OVN network of the project gets: the named one, or the only one that it may use.
 * @throws WeftError `network.invalid`, `project.restricted`
 */
export async function chooseUplink(db: Queryable, project: ProjectFacts, name: string | undefined): Promise<UplinkFacts | undefined> {
  const allowed = restriction(project, 'uplinks');
  if (name === 'none') return undefined;
  if (name !== undefined) {
    if (allowed && !allowed.includes(name)) {
      throw new WeftError('project.restricted', `Option "network" value "${name}" is not one of the allowed uplink networks in project`);
    }
    return requireUplink(db, name);
  }
  const { rows } = await db.query<{ name: string }>(`SELECT name FROM network WHERE project = $1 AND type = 'physical' ORDER BY name`, [DEFAULT_PROJECT]);
  const candidates = rows.map((row) => row.name).filter((one) => !allowed || allowed.includes(one));
  if (candidates.length === 0) throw new WeftError('network.invalid', 'No uplink network is available: create a physical network, or ask for access to one');
  if (candidates.length > 1) throw new WeftError('network.invalid', `Option "network" is required: choose one of ${candidates.join(', ')}`);
  return requireUplink(db, candidates[0]!);
}

export const isRestricted = ({ config }: ProjectFacts): boolean => isTrue(config['restricted']);
