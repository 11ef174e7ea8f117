/** Sends an instance to another server: an operation with the channels of a migration, which the agent carries (docs/adr/0016). */
import { WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { handOver, travelling } from '../domain/handover.decider';
import { findSnapshot } from '../domain/snapshot.decider';
import type { Deps } from '../instance.deps';
import { findInstance } from '../queries/find-instance';
import type { HandOverParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { requireOnline } from './require-online';

/** Disks of terabytes are copied meanwhile. */
const HAND_OVER_LIMIT_MS = 24 * 3600_000;

export const handOverInstance: CommandHandler<'instance.hand-over'> = async (deps: Deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  await requireOnline(deps, row.member);
  return execute(deps, meta, 'instance.hand-over', body, (uow) =>
    startInstanceWork<HandOverParams>(deps, uow, meta, {
      row,
      description: 'Migrating instance',
      class: body.push ? 'task' : 'websocket',
      saga: 'instance.hand-over',
      timeLimitMs: HAND_OVER_LIMIT_MS,
      mayCancel: true,
      decide: (state, operationId) => handOver(state, operationId, body),
      params(after) {
        if (after.status === 'creating' || after.status === 'deleting') throw new WeftError('instance.busy', 'Instance is busy');
        return { root: body.snapshot === '' ? '' : findSnapshot(after, body.snapshot).id, snapshots: travelling(after, body) };
      },
    }),
  );
};
