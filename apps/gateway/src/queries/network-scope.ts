/**
 * Which networks a request may see and change. A project without `features.networks` uses those of `default`: the
 * published views say so themselves, a change has to ask. A restricted project sees the networks that
 * `restricted.networks.access` names, if it names any (LXD 5.0, "Project restrictions").
 */
import { isTrue, WeftError } from '@weft/contracts';
import { canSeeProject } from '../domain/policy';
import { namedProjects, usedByShown } from '../domain/used-by';
import type { ReadClient, Row, Statement } from '../clients/read.client';
import type { Call } from '../http/route';
import { listJson, recursionOf, type Collection, type Scope } from './list.query';

const CONFIG = { name: 'project-config', sql: `select doc::jsonb ->> 'config' from instance.project_v1 where name = $1` };
const NETWORKLESS = 'default';

export interface NetworkScope {
  /** The project that has the networks. */
  project: string;
  /** The only networks to be seen; undefined = all of the project. */
  access: string[] | undefined;
}

/** @throws WeftError `project.not-found` */
export async function networkScope(reads: ReadClient, call: Call): Promise<NetworkScope> {
  const row = await reads.row(CONFIG, [call.project]);
  if (!row) throw new WeftError('project.not-found', 'Project not found');
  const config = JSON.parse(row[0] ?? '{}') as Record<string, string>;
  return { project: isTrue(config['features.networks']) ? call.project : NETWORKLESS, access: accessOf(config) };
}

function accessOf(config: Readonly<Record<string, string>>): string[] | undefined {
  if (!isTrue(config.restricted)) return undefined;
  if (config['restricted.devices.nic'] === 'block') return [];
  const named = config['restricted.networks.access'];
  return named ? named.split(',').map((name) => name.trim()) : undefined;
}

export const isVisible = ({ access }: NetworkScope, network: string): boolean => access?.includes(network) ?? true;

/**
 * For a request that changes something of a network: it must be visible, and the project that has it must be the
 * client's own: whoever only uses the networks of `default` changes none of them.
 * @param network undefined for what is no part of a network
 * @throws WeftError `auth.forbidden`, `network.not-found`
 */
export async function changeScope(reads: ReadClient, call: Call, network?: string): Promise<NetworkScope> {
  const scope = await networkScope(reads, call);
  if (!canSeeProject(call.actor, scope.project)) throw new WeftError('auth.forbidden', 'not authorized');
  if (network !== undefined && !isVisible(scope, network)) throw networkNotFound();
  return scope;
}

export const networkNotFound = (): WeftError => new WeftError('network.not-found', 'Network not found');

/** SQLSTATE of a query for a view that is not there: no network service has ever run against this database. */
const ABSENT = new Set(['42P01', '3F000']);

/** What `read` finds; `nothing` on an installation without a network service. */
export async function orNothing<T>(read: Promise<T>, nothing: T): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (ABSENT.has((error as { code?: string }).code ?? '')) return nothing;
    throw error;
  }
}

/** A collection's list; `condition` is SQL over `project = $1` and what `parameters` add. */
export function listOf(reads: ReadClient, call: Call, collection: Collection, scope: Scope): Promise<string> {
  const shown = { namedProjects: namedProjects(call.actor), ...scope };
  return orNothing(listJson(reads, collection, shown, recursionOf(call.query), call.query.filter), '[]');
}

/** How single objects of a view are read: whole, or for a restricted client without what names other projects. */
export interface ObjectView {
  whole: Statement;
  shown: Statement;
}

export function objectView(view: string, keys: readonly string[], shown = usedByShown): ObjectView {
  const where = keys.map((key, at) => `${key} = $${at + 1}`).join(' and ');
  return {
    whole: { name: view, sql: `select doc, etag from ${view} where ${where}` },
    shown: { name: `${view}:shown`, sql: `select ${shown(keys.length + 1)}, etag from ${view} where ${where}` },
  };
}

/** Document and ETag of one object. `named`: `domain/used-by.ts`. */
export function findObject(
  reads: ReadClient,
  { whole, shown }: ObjectView,
  keys: readonly unknown[],
  named: readonly string[] | undefined,
): Promise<Row | undefined> {
  return orNothing(named ? reads.row(shown, [...keys, named]) : reads.row(whole, keys), undefined);
}
