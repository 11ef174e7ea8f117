import { storagePoolPatch, storagePoolPut, WeftError } from '@weft/contracts';
import type { Row } from '../clients/read.client';
import { namedProjects, usedByShown } from '../domain/used-by';
import type { Deps } from '../gateway.deps';
import { empty, sync, syncValue, type Reply } from '../http/reply';
import { route, type Access, type Call, type Method, type Route } from '../http/route';
import { EVERYTHING, listJson, recursionOf, type Collection } from '../queries/list.query';

const POOLS: Collection = { view: 'instance.storage_pool_v1', path: ['storage-pools'], key: 'name', projects: false, columns: { name: 'name' } };
const GET_POOL_SHOWN = { name: 'storage-pool-shown', sql: `select ${usedByShown(2)}, etag from instance.storage_pool_v1 where name = $1` };
const GET_POOL = { name: 'storage-pool', sql: 'select doc, etag from instance.storage_pool_v1 where name = $1' };
const VOLUMES = (pool: string, type?: string): Collection => ({
  view: 'instance.storage_volume_v1',
  path: type === undefined ? ['storage-pools', pool, 'volumes'] : ['storage-pools', pool, 'volumes', type],
  key: type === undefined ? `type || '/' || name` : 'name',
  projects: true,
  columns: { name: 'name', type: 'type' },
});
const GET_VOLUME = { name: 'storage-volume', sql: 'select doc from instance.storage_volume_v1 where project = $1 and pool = $2 and type = $3 and name = $4' };

const POOL = '/1.0/storage-pools/:name';

export const storageRoutes = (deps: Deps): Route[] => [
  route({
    method: 'GET',
    path: '/1.0/storage-pools',
    summary: 'List storage pools',
    access: 'trusted',
    handle: async (call) =>
      sync(await listJson(deps.reads, POOLS, { ...EVERYTHING, namedProjects: namedProjects(call.actor) }, recursionOf(call.query), call.query.filter)),
  }),
  ...poolRoutes(deps),
  ...volumeRoutes(deps),
];

async function findPool({ reads }: Deps, { params, actor }: Call): Promise<Row> {
  const named = namedProjects(actor);
  const row = await (named ? reads.row(GET_POOL_SHOWN, [params.name, named]) : reads.row(GET_POOL, [params.name]));
  if (!row) throw new WeftError('storage-pool.not-found', 'Storage pool not found');
  return row;
}

function poolRoutes(deps: Deps): Route[] {
  const define = (method: Method, summary: string, access: Access) => ({ method, path: POOL, summary, access });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await deps.commands.send('storage-pool.update', { ...call.body, mode, name: call.params.name, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A storage pool', 'trusted'),
      handle: async (call) => {
        const row = await findPool(deps, call);
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a storage pool', 'admin'), body: storagePoolPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a storage pool', 'admin'), body: storagePoolPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('GET', 'Space of a storage pool over all members', 'trusted'),
      path: `${POOL}/resources`,
      handle: async (call) => {
        await findPool(deps, call);
        const hosts = deps.members.members().filter((member) => call.query.target === undefined || member.member === call.query.target);
        const total = hosts.reduce((sum, host) => sum + host.resources.diskBytes, 0);
        const free = hosts.reduce((sum, host) => sum + host.resources.diskFreeBytes, 0);
        return syncValue({ space: { used: total - free, total }, inodes: { used: 0, total: 0 } });
      },
    }),
  ];
}

function volumeRoutes(deps: Deps): Route[] {
  const define = (path: string, summary: string) => ({ method: 'GET' as const, path: `${POOL}/volumes${path}`, summary, access: 'project' as const });
  const list = async (call: Call): Promise<Reply> => {
    await findPool(deps, call);
    const { type } = call.params;
    const scope = {
      sql: `project = $1 and pool = $2${type === undefined ? '' : ' and type = $3'}`,
      parameters: [call.project, call.params.name, ...(type === undefined ? [] : [type])],
    };
    const json = await listJson(deps.reads, VOLUMES(call.params.name ?? '', type), scope, recursionOf(call.query), call.query.filter);
    // The key of the list of all types has a slash of its own: "container/c1".
    return sync(type === undefined && recursionOf(call.query) === 0 ? json.replaceAll('%2F', '/') : json);
  };
  return [
    route({ ...define('', 'List the volumes of a pool'), handle: list }),
    route({ ...define('/:type', 'List the volumes of one type'), handle: list }),
    route({
      ...define('/:type/:volume', 'A volume'),
      handle: async (call) => {
        const row = await deps.reads.row(GET_VOLUME, [call.project, call.params.name, call.params.type, call.params.volume]);
        if (!row) throw new WeftError('request.not-found', 'Storage volume not found');
        return sync(row[0] ?? 'null');
      },
    }),
  ];
}
