import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import type { BulkParams } from '../sagas/bulk-state.saga';
import { listInstances } from '../queries/find-instance';
import { startOperation } from './operations';

const BULK_LIMIT_MS = 60 * 60_000;
/** Instances that an action concerns; the others are left alone, as LXD does. */
const CONCERNS: Record<BulkParams['request']['action'], readonly string[]> = {
  start: ['stopped', 'error'],
  stop: ['running', 'frozen'],
  restart: ['running'],
  freeze: ['running'],
  unfreeze: ['frozen'],
};
const DESCRIPTION = {
  start: 'Starting instances',
  stop: 'Stopping instances',
  restart: 'Restarting instances',
  freeze: 'Freezing instances',
  unfreeze: 'Unfreezing instances',
};

export const setInstancesState: CommandHandler<'instances.set-state'> = async (deps, meta, body) => {
  const all = await listInstances(deps.pool, meta.project);
  const names = all.filter((one) => CONCERNS[body.action].includes(one.status)).map((one) => one.name);
  return execute(deps, meta, 'instances.set-state', body, async (uow) => {
    const params: Omit<BulkParams, 'operation'> = { meta, names, request: body };
    return startOperation(deps, uow, meta, {
      description: DESCRIPTION[body.action],
      resources: { instances: names.map((name) => `/1.0/instances/${name}`) },
      location: 'none',
      timeLimitMs: BULK_LIMIT_MS,
      saga: { type: 'instances.set-state', params },
    });
  });
};
