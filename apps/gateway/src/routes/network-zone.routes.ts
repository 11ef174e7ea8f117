import { networkZonePatch, networkZonePut, networkZonesPost, WeftError } from '@weft/contracts';
import type { Row } from '../clients/read.client';
import { resourceUrl } from '../domain/resource-url';
import { visibleProjects } from '../domain/policy';
import { namedProjects } from '../domain/used-by';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import type { Collection } from '../queries/list.query';
import { findObject, listOf, objectView, orNothing } from '../queries/network-scope';
import { ownProject, requireProject } from '../queries/project-scope';

const ZONES: Collection = { view: 'dns.network_zone_v1', path: ['network-zones'], key: 'name', projects: true, columns: { name: 'name' } };
const OBJECT = objectView(ZONES.view, ['project', 'name']);
/** With the TSIG keys of its peers: for who may change the zone. */
const WITH_KEYS = {
  name: 'network-zone-with-keys',
  sql: `select full_doc, etag from ${ZONES.view} where project = $1 and name = $2 and ($3::text[] is null or owner = any($3))`,
};

const ALL = '/1.0/network-zones';
export const ZONE = `${ALL}/:zone`;

/** The zone of the path. @throws WeftError `network-zone.not-found`, `project.not-found` */
export async function findZone({ reads }: Deps, call: Call): Promise<Row> {
  const row = await findObject(reads, OBJECT, [call.project, call.params.zone], namedProjects(call.actor));
  if (row) return row;
  await requireProject(reads, call.project);
  throw new WeftError('network-zone.not-found', 'Network zone not found');
}

export const networkZoneRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps)];

function collectionRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ALL, summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List network zones'),
      handle: async (call) => {
        const json = await listOf(reads, call, ZONES, ownProject(call.project));
        if (json === '[]') await requireProject(reads, call.project);
        return sync(json);
      },
    }),
    route({
      ...define('POST', 'Create a network zone'),
      body: networkZonesPost,
      handle: async (call) => {
        await commands.dns('zone.create', call.body, call.meta());
        return created(resourceUrl(['network-zones', call.body.name], call.project));
      },
    }),
  ];
}

function objectRoutes(deps: Deps): Route[] {
  const { commands } = deps;
  const define = (method: Method, summary: string) => ({ method, path: ZONE, summary, access: 'project' as const });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.dns('zone.update', { ...call.body, mode, name: call.params.zone, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A network zone'),
      handle: async (call) => {
        const whole = await orNothing(deps.reads.row(WITH_KEYS, [call.project, call.params.zone, visibleProjects(call.actor)]), undefined);
        const row = whole ?? (await findZone(deps, call));
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace the configuration of a network zone'), body: networkZonePut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a network zone'), body: networkZonePatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('DELETE', 'Delete a network zone and its records'),
      handle: async (call) => {
        await commands.dns('zone.delete', { name: call.params.zone }, call.meta());
        return empty;
      },
    }),
  ];
}
