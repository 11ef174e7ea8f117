import { newId, WeftError } from '@weft/contracts';
import { openChannel } from '@weft/session';
import type { Deps } from '../gateway.deps';
import { empty, sync, syncValue, type Reply } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { GET_INSTANCE, instanceNotFound, locate } from '../queries/instance.query';
import { underEachCollection } from './instance.routes';

/** Names that an agent gives to log files; anything else cannot be one. */
const LOG_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

export const instanceLogRoutes = (deps: Deps): Route[] => underEachCollection((prefix) => [...logRoutes(deps, prefix), ...metadataRoutes(deps, prefix)]);

function logRoutes(deps: Deps, prefix: string): Route[] {
  const checked = (name: string | undefined): string => {
    if (name === undefined || !LOG_NAME.test(name)) throw new WeftError('file.invalid', 'This is not the name of a log file');
    return name;
  };
  return [
    route({
      method: 'GET',
      path: `${prefix}/logs`,
      summary: 'List the log files of an instance',
      access: 'project',
      handle: async (call) => {
        const name = call.params.name ?? '';
        const { member, spec } = await locate(deps, name, call.meta());
        const { logs } = await deps.commands.ask<{ logs: string[] }, 'log.list'>(member, 'log.list', { instance: spec }, call.meta());
        return syncValue(logs.map((log) => `/1.0/instances/${encodeURIComponent(name)}/logs/${encodeURIComponent(log)}`));
      },
    }),
    route({
      method: 'GET',
      path: `${prefix}/logs/:file`,
      summary: 'A log file',
      access: 'project',
      handle: (call) => getLog(deps, call, checked(call.params.file)),
    }),
    route({
      method: 'DELETE',
      path: `${prefix}/logs/:file`,
      summary: 'Delete a log file',
      access: 'project',
      handle: async (call) => {
        const name = checked(call.params.file);
        const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
        await deps.commands.ask(member, 'log.delete', { instance: spec, name }, call.meta());
        return empty;
      },
    }),
  ];
}

async function getLog(deps: Deps, call: Call, name: string): Promise<Reply> {
  const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
  const sessionId = newId();
  const data = openChannel(deps.nc, { sessionId, channel: 'data', side: 'client' });
  // The failure of a transfer is the reply's: without a listener it would be a defect.
  data.on('error', () => undefined);
  try {
    await deps.commands.ask(member, 'log.get', { instance: spec, sessionId, name }, call.meta());
  } catch (error) {
    data.destroy();
    throw error;
  }
  data.end();
  return { kind: 'raw', contentType: 'application/octet-stream', body: data };
}

interface InstanceDocument {
  architecture: string;
  config: Record<string, string>;
}

function metadataRoutes({ reads }: Deps, prefix: string): Route[] {
  return [
    route({
      method: 'GET',
      path: `${prefix}/metadata`,
      summary: 'Metadata of the image that an instance was made from',
      access: 'project',
      handle: async (call) => {
        const row = await reads.row(GET_INSTANCE, [call.project, call.params.name]);
        if (!row) throw instanceNotFound();
        const { architecture, config } = JSON.parse(row[0] ?? '{}') as InstanceDocument;
        const properties = Object.entries(config)
          .filter(([key]) => key.startsWith('image.'))
          .map(([key, value]) => [key.slice('image.'.length), value]);
        return syncValue({ architecture, creation_date: 0, expiry_date: 0, properties: Object.fromEntries(properties) as object, templates: {} });
      },
    }),
    route({ method: 'GET', path: `${prefix}/backups`, summary: 'List the backups of an instance (none yet)', access: 'project', handle: () => sync('[]') }),
  ];
}
