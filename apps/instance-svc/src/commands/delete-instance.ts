import { setTimeout as sleep } from 'node:timers/promises';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { deleteInstance as decideDelete } from '../domain/instance.decider';
import { findInstance, isMigrating } from '../queries/find-instance';
import type { InstanceSagaParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { requireOnline } from './require-online';

const DELETE_LIMIT_MS = 15 * 60_000;
/** Who moves an instance to another server or project deletes it when the other side has it, which we may write down a moment later. */
const LAST_WORD_MS = 5_000;
const LOOK_MS = 50;

export const deleteInstance: CommandHandler<'instance.delete'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  await requireOnline(deps, row.member);
  const until = performance.now() + LAST_WORD_MS;
  while (performance.now() < until && (await isMigrating(deps.pool, row.id))) await sleep(LOOK_MS);
  return execute(deps, meta, 'instance.delete', body, (uow) =>
    startInstanceWork<InstanceSagaParams>(deps, uow, meta, {
      row,
      description: 'Deleting instance',
      saga: 'instance.delete',
      timeLimitMs: DELETE_LIMIT_MS,
      decide: decideDelete,
      params: () => ({}),
    }),
  );
};
