import { clusterGroupEtag, clusterGroupPatch, clusterGroupPut, clusterGroupsPost, renamePost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Access, type Call, type Method, type Route } from '../http/route';
import { EVERYTHING, listJson, recursionOf, type Collection } from '../queries/list.query';

const GROUPS: Collection = { view: 'instance.cluster_group_v1', path: ['cluster', 'groups'], key: 'name', projects: false, columns: { name: 'name' } };
const GET = { name: 'cluster-group', sql: 'select doc, description, members from instance.cluster_group_v1 where name = $1' };

export const clusterGroupRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...groupRoutes(deps)];

function collectionRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string, access: Access) => ({ method, path: '/1.0/cluster/groups', summary, access });
  return [
    route({
      ...define('GET', 'List cluster groups', 'trusted'),
      handle: async (call) => sync(await listJson(reads, GROUPS, EVERYTHING, recursionOf(call.query), call.query.filter)),
    }),
    route({
      ...define('POST', 'Create a cluster group', 'admin'),
      body: clusterGroupsPost,
      handle: async (call) => {
        await commands.send('cluster-group.create', call.body, call.meta());
        return created(resourceUrl(['cluster', 'groups', call.body.name], 'default'));
      },
    }),
  ];
}

function groupRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string, access: Access = 'admin') => ({ method, path: '/1.0/cluster/groups/:name', summary, access });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.send('cluster-group.update', { ...call.body, mode, name: call.params.name, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A cluster group', 'trusted'),
      handle: async (call) => {
        const row = await reads.row(GET, [call.params.name]);
        if (!row) throw new WeftError('cluster-group.not-found', 'Cluster group not found');
        const members = JSON.parse(row[2] ?? '[]') as string[];
        return sync(row[0] ?? 'null', clusterGroupEtag(row[1] ?? '', members));
      },
    }),
    route({ ...define('PUT', 'Replace a cluster group'), body: clusterGroupPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a cluster group'), body: clusterGroupPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('POST', 'Rename a cluster group'),
      body: renamePost,
      handle: async (call) => {
        await commands.send('cluster-group.rename', { name: call.params.name, newName: call.body.name }, call.meta());
        return created(resourceUrl(['cluster', 'groups', call.body.name], 'default'));
      },
    }),
    route({
      ...define('DELETE', 'Delete a cluster group'),
      handle: async (call) => {
        await commands.send('cluster-group.delete', { name: call.params.name }, call.meta());
        return empty;
      },
    }),
  ];
}
