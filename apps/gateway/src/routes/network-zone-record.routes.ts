import { networkZoneRecordPatch, networkZoneRecordPut, networkZoneRecordsPost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import { listJson, recursionOf, type Collection } from '../queries/list.query';
import { findZone, ZONE } from './network-zone.routes';

const VIEW = 'dns.network_zone_record_v1';
const GET = { name: 'network-zone-record', sql: `select doc, etag from ${VIEW} where project = $1 and zone = $2 and name = $3` };
const RECORDS = (zone: string): Collection => ({
  view: VIEW,
  path: ['network-zones', zone, 'records'],
  key: 'name',
  projects: true,
  columns: { name: 'name' },
});

const ALL = `${ZONE}/records`;

export const networkZoneRecordRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps)];

function collectionRoutes(deps: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ALL, summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List the custom records of a network zone'),
      handle: async (call) => {
        await findZone(deps, call);
        const { zone = '' } = call.params;
        const scope = { sql: 'project = $1 and zone = $2', parameters: [call.project, zone] };
        return sync(await listJson(deps.reads, RECORDS(zone), scope, recursionOf(call.query), call.query.filter));
      },
    }),
    route({
      ...define('POST', 'Create a custom record'),
      body: networkZoneRecordsPost,
      handle: async (call) => {
        const { zone = '' } = call.params;
        await deps.commands.dns('zone-record.create', { ...call.body, zone }, call.meta());
        return created(resourceUrl(['network-zones', zone, 'records', call.body.name], call.project));
      },
    }),
  ];
}

function objectRoutes(deps: Deps): Route[] {
  const { reads, commands } = deps;
  const define = (method: Method, summary: string) => ({ method, path: `${ALL}/:name`, summary, access: 'project' as const });
  const place = ({ params }: Call) => ({ zone: params.zone, name: params.name });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await commands.dns('zone-record.update', { ...call.body, ...place(call), mode, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A custom record'),
      handle: async (call) => {
        await findZone(deps, call);
        const row = await reads.row(GET, [call.project, call.params.zone, call.params.name]);
        if (!row) throw new WeftError('network-zone-record.not-found', 'Network zone record not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a custom record'), body: networkZoneRecordPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a custom record'), body: networkZoneRecordPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('DELETE', 'Delete a custom record'),
      handle: async (call) => {
        await commands.dns('zone-record.delete', place(call), call.meta());
        return empty;
      },
    }),
  ];
}
