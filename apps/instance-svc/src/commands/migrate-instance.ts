import { derivedId, WeftError, type Meta } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler, CommandResult } from '../api/command-handler';
import { migrateInstance as decideMigration } from '../domain/migration.decider';
import { moveLimits } from '../domain/migration.plan';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
import type { MigrateParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { planMigration } from './plan-migration';

/** Of each step: disks of terabytes are copied meanwhile. */
const MIGRATION_LIMIT_MS = 24 * 3600_000;

export interface MoveRequest {
  /** A member, `@` and a cluster group, or "" for whichever is best. */
  target: string;
  /** "" keeps the name. */
  newName: string;
  live: boolean;
}

/** `POST /1.0/instances/<name>?target=`: everything that is known to be in its way is refused before anything begins. */
export const migrateInstance: CommandHandler<'instance.migrate'> = async (deps, meta, body) =>
  beginMove(deps, meta, await findInstance(deps.pool, meta.project, body.name), body);

/** @param evacuation the move is part of one: the operation of its own that it gets, and where the instance will return to */
export async function beginMove(
  deps: Deps,
  meta: Meta,
  row: InstanceRow,
  wanted: MoveRequest,
  evacuation?: { operationId: string; origin?: string },
): Promise<CommandResult> {
  const plan = await planMigration(deps, row, wanted);
  if (plan.blockers.length > 0) throw new WeftError('instance.wrong-status', `The instance cannot move to ${plan.target.name}: ${plan.blockers.join('; ')}`);
  const { name } = row.spec;
  const newName = wanted.newName || name;
  const limits = moveLimits(row.spec.config);
  return execute(deps, meta, 'instance.migrate', { ...wanted, name }, (uow) => {
    uow.afterCommit(() => deps.members.assign(plan.target.name));
    return startInstanceWork<MigrateParams>(deps, uow, meta, {
      row,
      operationId: evacuation?.operationId,
      description: 'Migrating instance',
      metadata: { placement: `${plan.target.name}: ${plan.explanation}` },
      saga: `instance.migrate-${plan.mode}`,
      timeLimitMs: (plan.mode === 'live' ? undefined : limits.diskTimeoutMs) ?? MIGRATION_LIMIT_MS,
      mayCancel: true,
      decide: (state, operationId) => decideMigration(state, operationId, { target: plan.target.name, newName }),
      params: (after) => ({
        target: plan.target.name,
        targetSpec: { ...row.spec, name: newName },
        migrationId: derivedId(meta.commandId, 'migration'),
        epoch: after.epoch,
        statusBefore: after.status === 'running' ? 'running' : 'stopped',
        limits,
        origin: evacuation?.origin,
      }),
    });
  });
}
