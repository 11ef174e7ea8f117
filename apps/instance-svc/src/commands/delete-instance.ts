import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { deleteInstance as decideDelete } from '../domain/instance.decider';
import { findInstance } from '../queries/find-instance';
import type { InstanceSagaParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { requireOnline } from './require-online';

const DELETE_LIMIT_MS = 15 * 60_000;

export const deleteInstance: CommandHandler<'instance.delete'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  await requireOnline(deps, row.member);
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
