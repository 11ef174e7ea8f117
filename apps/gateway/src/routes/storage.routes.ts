import { storagePoolPatch, storagePoolPut, WeftError } from '@weft/contracts';
import type { Deps } from '../gateway.deps';
import { empty, sync, syncValue } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { EVERYTHING, listJson, recursionOf, type Collection } from '../queries/list.query';

const POOLS: Collection = { view: 'instance.storage_pool_v1', path: ['storage-pools'], key: 'name', projects: false, columns: { name: 'name' } };
const GET_POOL = { name: 'storage-pool', sql: 'select doc, etag from instance.storage_pool_v1 where name = $1' };
const VOLUMES = (pool: string, type?: string): Collection => ({
  view: 'instance.storage_volume_v1',
  path: type === undefined ? ['storage-pools', pool, 'volumes'] : ['storage-pools', pool, 'volumes', type],
  key: type === undefined ? `type || '/' || name` : 'name',
  projects: true,
  columns: { name: 'name', type: 'type' },
});
const GET_VOLUME = { name: 'storage-volume', sql: 'select doc from instance.storage_volume_v1 where project = $1 and pool = $2 and type = $3 and name = $4' };

export function storageRoutes({ reads, commands, members }: Deps): Route[] {
  const pool = async (name: string | undefined) => {
    const row = await reads.row(GET_POOL, [name]);
    if (!row) throw new WeftError('storage-pool.not-found', 'Storage pool not found');
    return row;
  };
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.send('storage-pool.update', { ...call.body, mode, name: call.params.name, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  const volumes = async (call: Call) => {
    await pool(call.params.name);
    const { type } = call.params;
    const scope = {
      sql: `project = $1 and pool = $2${type === undefined ? '' : ' and type = $3'}`,
      parameters: [call.project, call.params.name, ...(type === undefined ? [] : [type])],
    };
    const json = await listJson(reads, VOLUMES(call.params.name ?? '', type), scope, recursionOf(call.query), call.query.filter);
    // The key of the list of all types has a slash of its own: "container/c1".
    return sync(type === undefined && recursionOf(call.query) === 0 ? json.replaceAll('%2F', '/') : json);
  };
  return [
    route({
      method: 'GET',
      path: '/1.0/storage-pools',
      summary: 'List storage pools',
      access: 'trusted',
      handle: async (call) => sync(await listJson(reads, POOLS, EVERYTHING, recursionOf(call.query), call.query.filter)),
    }),
    route({
      method: 'GET',
      path: '/1.0/storage-pools/:name',
      summary: 'A storage pool',
      access: 'trusted',
      handle: async (call) => {
        const row = await pool(call.params.name);
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({
      method: 'PUT',
      path: '/1.0/storage-pools/:name',
      summary: 'Replace a storage pool',
      access: 'admin',
      body: storagePoolPut,
      handle: (call) => update(call, 'replace'),
    }),
    route({
      method: 'PATCH',
      path: '/1.0/storage-pools/:name',
      summary: 'Change parts of a storage pool',
      access: 'admin',
      body: storagePoolPatch,
      handle: (call) => update(call, 'merge'),
    }),
    route({
      method: 'GET',
      path: '/1.0/storage-pools/:name/resources',
      summary: 'Space of a storage pool over all members',
      access: 'trusted',
      handle: async (call) => {
        await pool(call.params.name);
        const hosts = members.members().filter((member) => call.query.target === undefined || member.member === call.query.target);
        const total = hosts.reduce((sum, host) => sum + host.resources.diskBytes, 0);
        const free = hosts.reduce((sum, host) => sum + host.resources.diskFreeBytes, 0);
        return syncValue({ space: { used: total - free, total }, inodes: { used: 0, total: 0 } });
      },
    }),
    route({ method: 'GET', path: '/1.0/storage-pools/:name/volumes', summary: 'List the volumes of a pool', access: 'project', handle: volumes }),
    route({ method: 'GET', path: '/1.0/storage-pools/:name/volumes/:type', summary: 'List the volumes of one type', access: 'project', handle: volumes }),
    route({
      method: 'GET',
      path: '/1.0/storage-pools/:name/volumes/:type/:volume',
      summary: 'A volume',
      access: 'project',
      handle: async (call) => {
        const row = await reads.row(GET_VOLUME, [call.project, call.params.name, call.params.type, call.params.volume]);
        if (!row) throw new WeftError('request.not-found', 'Storage volume not found');
        return sync(row[0] ?? 'null');
      },
    }),
  ];
}
