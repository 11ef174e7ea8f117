import { snapshotPost, snapshotPut, snapshotsPost, WeftError } from '@weft/contracts';
import type { Deps } from '../gateway.deps';
import { sync, started, type Reply } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { GET_INSTANCE, instanceNotFound } from '../queries/instance.query';
import { listJson, recursionOf } from '../queries/list.query';
import { sendToServer } from './instance-migration';
import { underEachCollection } from './instance.routes';

/** As LXD lists them. */
const OLDEST_FIRST = `doc::json ->> 'created_at', name`;
const GET = { name: 'snapshot', sql: 'select doc, etag from instance.snapshot_v1 where project = $1 and instance = $2 and name = $3' };

export const snapshotRoutes = (deps: Deps): Route[] =>
  underEachCollection((prefix) => [...collectionRoutes(deps, `${prefix}/snapshots`), ...objectRoutes(deps, `${prefix}/snapshots/:snapshot`)]);

function collectionRoutes({ reads, commands }: Deps, path: string): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'List the snapshots of an instance',
      access: 'project',
      handle: async (call) => {
        const name = call.params.name ?? '';
        const collection = {
          view: 'instance.snapshot_v1',
          path: ['instances', name, 'snapshots'],
          key: 'name',
          projects: true,
          columns: { name: 'name' },
          order: OLDEST_FIRST,
        };
        const scope = { sql: 'project = $1 and instance = $2', parameters: [call.project, name] };
        const json = await listJson(reads, collection, scope, recursionOf(call.query), call.query.filter);
        if (json === '[]' && !(await reads.row(GET_INSTANCE, [call.project, name]))) throw instanceNotFound();
        return sync(json);
      },
    }),
    route({
      method: 'POST',
      path,
      summary: 'Make a snapshot',
      access: 'project',
      body: snapshotsPost,
      handle: async (call) => {
        const { name, stateful, expires_at: expiresAt } = call.body;
        return started(await commands.start('snapshot.create', { instance: call.params.name ?? '', name, stateful, expiresAt }, call.meta()), call);
      },
    }),
  ];
}

function objectRoutes(deps: Deps, path: string): Route[] {
  const { reads, commands } = deps;
  const key = (call: Call) => ({ instance: call.params.name ?? '', name: call.params.snapshot ?? '' });
  const update = async (call: Call<{ expires_at?: string | null }>): Promise<Reply> =>
    started(await commands.start('snapshot.update', { ...key(call), ifMatch: call.ifMatch, expiresAt: call.body.expires_at }, call.meta()), call);
  return [
    route({
      method: 'GET',
      path,
      summary: 'A snapshot',
      access: 'project',
      handle: async (call) => {
        const row = await reads.row(GET, [call.project, call.params.name, call.params.snapshot]);
        if (!row) throw new WeftError('snapshot.not-found', 'Instance snapshot not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ method: 'PUT', path, summary: 'Change when a snapshot expires', access: 'project', body: snapshotPut, handle: update }),
    route({ method: 'PATCH', path, summary: 'Change when a snapshot expires', access: 'project', body: snapshotPut, handle: update }),
    route({
      method: 'POST',
      path,
      summary: 'Rename a snapshot, or send it to another server',
      access: 'project',
      body: snapshotPost,
      handle: async (call) => {
        if (call.body.migration) return sendToServer(deps, call, { name: key(call).instance, snapshot: key(call).name }, call.body);
        return started(await commands.start('snapshot.rename', { ...key(call), newName: call.body.name }, call.meta()), call);
      },
    }),
    route({
      method: 'DELETE',
      path,
      summary: 'Delete a snapshot',
      access: 'project',
      handle: async (call) => started(await commands.start('snapshot.delete', key(call), call.meta()), call),
    }),
  ];
}
