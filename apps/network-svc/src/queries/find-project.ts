import { isTrue, WeftError, type Meta } from '@weft/contracts';
import type { Deps } from '../network.deps';
import { DEFAULT_PROJECT } from '../domain/network.state';
import type { Queryable } from './database';

export interface ProjectFacts {
  /** The project of the request. */
  name: string;
  config: Readonly<Record<string, string>>;
  /** The one that holds its networks: itself, or `default`. */
  owner: string;
}

/** @throws WeftError `project.not-found` */
export async function findProject(deps: Pick<Deps, 'pool' | 'projects'>, name: string): Promise<ProjectFacts> {
  await followProject(deps, name);
  const project = await readProject(deps.pool, name);
  if (!project) throw new WeftError('project.not-found', 'Project not found');
  return project;
}

/** Before something is read of it. */
export const followProject = async ({ projects }: Pick<Deps, 'projects'>, name: string): Promise<void> => {
  if (name !== DEFAULT_PROJECT) await projects.upToDate();
};

export const projectOf = (deps: Pick<Deps, 'pool' | 'projects'>, meta: Meta): Promise<ProjectFacts> => findProject(deps, meta.project);

async function readProject(db: Queryable, name: string): Promise<ProjectFacts | undefined> {
  const { rows } = await db.query<{ config: Record<string, string>; owner: string }>({
    name: 'find_project',
    text: 'SELECT config, networks_project AS owner FROM project WHERE name = $1',
    values: [name],
  });
  return rows[0] && { name, ...rows[0] };
}

const list = (value: string | undefined): string[] =>
  (value ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** Values of `restricted.networks.<what>`; undefined when the project is not restricted in it. */
export function restriction({ config }: Pick<ProjectFacts, 'config'>, what: 'uplinks' | 'subnets' | 'access'): string[] | undefined {
  if (!isTrue(config['restricted'])) return undefined;
  const value = config[`restricted.networks.${what}`];
  // Uplinks and subnets are closed unless opened, networks are open unless closed.
  if (what === 'access' && value === undefined) return undefined;
  return list(value);
}
