import { derivedId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { migrateInstance as decideMigration } from '../domain/migration.decider';
import { MOVE_LIMITS } from '../domain/migration.plan';
import { findInstance } from '../queries/find-instance';
import type { MigrateParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { planMigration } from './plan-migration';

/** Of each step: disks of terabytes are copied meanwhile. */
const MIGRATION_LIMIT_MS = 24 * 3600_000;

/** `POST /1.0/instances/<name>?target=`: everything that is known to be in its way is refused before anything begins. */
export const migrateInstance: CommandHandler<'instance.migrate'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  const plan = await planMigration(deps, row, body);
  if (plan.blockers.length > 0) throw new WeftError('instance.wrong-status', `The instance cannot move to ${plan.target.name}: ${plan.blockers.join('; ')}`);
  const newName = body.newName || body.name;
  return execute(deps, meta, 'instance.migrate', body, (uow) =>
    startInstanceWork<MigrateParams>(deps, uow, meta, {
      row,
      description: 'Migrating instance',
      saga: `instance.migrate-${plan.mode}`,
      timeLimitMs: MIGRATION_LIMIT_MS,
      mayCancel: true,
      decide: (state, operationId) => decideMigration(state, operationId, { target: plan.target.name, newName }),
      params: (after) => ({
        target: plan.target.name,
        targetSpec: { ...row.spec, name: newName },
        migrationId: derivedId(meta.commandId, 'migration'),
        epoch: after.epoch,
        statusBefore: after.status === 'running' ? 'running' : 'stopped',
        limits: MOVE_LIMITS,
      }),
    }),
  );
};
