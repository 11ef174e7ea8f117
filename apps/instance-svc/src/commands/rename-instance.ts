import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { renameInstance as decideRename } from '../domain/instance-config.decider';
import { findInstance } from '../queries/find-instance';
import type { RenameParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { requireOnline } from './require-online';

const RENAME_LIMIT_MS = 5 * 60_000;

/** The new name counts at once (a unique index guards it); the host follows, and its failure takes the name back. */
export const renameInstance: CommandHandler<'instance.rename'> = async (deps, meta, body) => {
  const found = await findInstance(deps.pool, meta.project, body.name);
  await requireOnline(deps, found.member);
  const row = { ...found, spec: { ...found.spec, name: body.newName } };
  return execute(deps, meta, 'instance.rename', body, (uow) =>
    startInstanceWork<RenameParams>(deps, uow, meta, {
      row,
      description: 'Renaming instance',
      saga: 'instance.rename',
      timeLimitMs: RENAME_LIMIT_MS,
      decide: (state, operationId) => decideRename(state, operationId, body.newName),
      params: () => ({ oldName: body.name }),
    }),
  );
};
