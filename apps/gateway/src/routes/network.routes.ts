import { networkPatch, networkPut, networksPost, renamePost } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import { namedProjects } from '../domain/used-by';
import type { Row } from '../clients/read.client';
import type { Deps } from '../gateway.deps';
import { created, empty, sync, syncValue } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import type { Collection } from '../queries/list.query';
import { ownProject } from '../queries/project-scope';
import { changeScope, findObject, isVisible, listOf, networkNotFound, networkScope, objectView, orNothing } from '../queries/network-scope';

const NETWORKS: Collection = { view: 'network.network_v1', path: ['networks'], key: 'name', projects: true, columns: { name: 'name', type: 'type' } };
const OBJECT = objectView(NETWORKS.view, ['project', 'name']);
const MEMBER_OBJECT = objectView('network.network_member_v1', ['project', 'name', 'member']);
const LEASES = {
  name: 'network-leases',
  sql: `select '[' || coalesce(string_agg(doc, ',' order by place, hostname, address), '') || ']' from network.network_lease_v1 where project = $1 and network = $2`,
};

const ALL = '/1.0/networks';
export const NETWORK = `${ALL}/:network`;

export const networkRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...readRoutes(deps), ...writeRoutes(deps)];

/** The network of the path, with `target` what this member has for itself. @throws WeftError `network.not-found` */
export async function findNetwork({ reads }: Deps, call: Call, target?: string): Promise<Row> {
  const scope = await networkScope(reads, call);
  const { network: name = '' } = call.params;
  if (!isVisible(scope, name)) throw networkNotFound();
  const [view, keys] = target === undefined ? [OBJECT, []] : [MEMBER_OBJECT, [target]];
  const row = await findObject(reads, view, [call.project, name, ...keys], namedProjects(call.actor));
  if (!row) throw networkNotFound();
  return row;
}

function collectionRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ALL, summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List networks'),
      handle: async (call) => {
        const { access } = await networkScope(reads, call);
        const scope = access ? { sql: 'project = $1 and name = any($2::text[])', parameters: [call.project, access] } : ownProject(call.project);
        return sync(await listOf(reads, call, NETWORKS, scope));
      },
    }),
    route({
      ...define('POST', 'Create a network'),
      body: networksPost,
      handle: async (call) => {
        const { project } = await changeScope(reads, call);
        await commands.network('network.create', { ...call.body, target: targetOf(call) }, call.meta());
        return created(resourceUrl(['networks', call.body.name], project));
      },
    }),
  ];
}

const targetOf = (call: Call): string | undefined => call.query.target || undefined;

function readRoutes(deps: Deps): Route[] {
  const define = (path: string, summary: string) => ({ method: 'GET' as const, path: `${NETWORK}${path}`, summary, access: 'project' as const });
  return [
    route({
      ...define('', 'A network'),
      handle: async (call) => {
        const row = await findNetwork(deps, call, targetOf(call));
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({
      ...define('/state', 'Addresses and router of a network'),
      handle: async (call) => {
        await findNetwork(deps, call);
        return syncValue(await deps.commands.network('network.state', { name: call.params.network }, call.meta()));
      },
    }),
    route({
      ...define('/leases', 'Addresses in use on a network'),
      handle: async (call) => {
        await findNetwork(deps, call);
        const row = await orNothing(deps.reads.row(LEASES, [call.project, call.params.network], 'list'), undefined);
        return sync(row?.[0] ?? '[]');
      },
    }),
  ];
}

function writeRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: NETWORK, summary, access: 'project' as const });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await changeScope(reads, call, call.params.network);
    await commands.network('network.update', { ...call.body, mode, name: call.params.network, ifMatch: call.ifMatch, target: targetOf(call) }, call.meta());
    return empty;
  };
  return [
    route({ ...define('PUT', 'Replace a network'), body: networkPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a network'), body: networkPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('POST', 'Rename a network'),
      body: renamePost,
      handle: async (call) => {
        const { project } = await changeScope(reads, call, call.params.network);
        await commands.network('network.rename', { name: call.params.network, newName: call.body.name }, call.meta());
        return created(resourceUrl(['networks', call.body.name], project));
      },
    }),
    route({
      ...define('DELETE', 'Delete a network'),
      handle: async (call) => {
        await changeScope(reads, call, call.params.network);
        await commands.network('network.delete', { name: call.params.network }, call.meta());
        return empty;
      },
    }),
  ];
}
