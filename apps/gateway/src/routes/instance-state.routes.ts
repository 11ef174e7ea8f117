import { instanceStatePut, type InstanceUsage } from '@weft/contracts';
import type { Deps } from '../gateway.deps';
import { sync, syncValue, started } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { GET_INSTANCE_STATE, instanceNotFound, locate } from '../queries/instance.query';
import { underEachCollection } from './instance.routes';

/** Somebody waits at a terminal: better the last known numbers than a long pause. */
const LIVE_TIMEOUT_MS = 2_000;
const LIVE_STATUS = new Set(['Running', 'Frozen']);

export const instanceStateRoutes = (deps: Deps): Route[] => underEachCollection((prefix) => stateRoutes(deps, `${prefix}/state`));

function stateRoutes(deps: Deps, path: string): Route[] {
  const { reads, commands } = deps;
  return [
    route({
      method: 'GET',
      path,
      summary: 'State and usage of an instance, from its host while it runs',
      access: 'project',
      handle: async (call) => {
        const row = await reads.row(GET_INSTANCE_STATE, [call.project, call.params.name]);
        if (!row) throw instanceNotFound();
        const live = LIVE_STATUS.has(row[1] ?? '') ? await liveUsage(deps, call) : undefined;
        return live ? syncValue({ ...(JSON.parse(row[0] ?? '{}') as object), ...live }) : sync(row[0] ?? 'null');
      },
    }),
    route({
      method: 'PUT',
      path,
      summary: 'Start, stop, restart, freeze or unfreeze an instance',
      access: 'project',
      body: instanceStatePut,
      handle: async (call) => started(await commands.start('instance.set-state', { name: call.params.name ?? '', ...call.body }, call.meta()), call),
    }),
  ];
}

/** undefined when the host does not answer in time: the view's numbers of the last heartbeat serve then. */
async function liveUsage(deps: Deps, call: Call): Promise<InstanceUsage | undefined> {
  try {
    const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
    return await deps.commands.ask<InstanceUsage, 'instance.usage'>(member, 'instance.usage', { instance: spec }, call.meta(), LIVE_TIMEOUT_MS);
  } catch (error) {
    deps.logger.debug({ err: error }, 'no live usage');
    return undefined;
  }
}
