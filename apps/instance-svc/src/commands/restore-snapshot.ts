import { WeftError, type InstanceSpec } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { expand } from '../domain/expansion';
import type { LiveInstance } from '../domain/instance.state';
import { findSnapshot, lockForRestore } from '../domain/snapshot.decider';
import { statefulRestore } from '../domain/stateful.rules';
import { findInstance, findInstanceById } from '../queries/find-instance';
import { findProfilesById } from '../queries/find-resources';
import type { RestoreParams } from '../sagas/saga-params';
import { checkExpanded } from './check-expanded';
import { checkPorts } from './check-ports';
import { SNAPSHOT_LIMIT_MS } from './create-snapshot';
import { enforceAggregateLimits } from './enforce-limits';
import { startInstanceWork } from './instance-operation';
import { requireProject } from './plan-instance';
import { requireOnline } from './require-online';

const runs = ({ status }: Pick<LiveInstance, 'status'>): boolean => status === 'running' || status === 'frozen';

/** `PUT {restore}`: a running instance is stopped, restored and started again, as LXD does it. */
export const restoreInstance: CommandHandler<'instance.restore'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  await requireOnline(deps, row.member);
  const name = body.snapshot.split('/').at(-1) ?? '';
  const found = await findInstanceById(deps.pool, row.id);
  if (!found) throw new WeftError('instance.not-found', 'Instance not found');
  const snapshot = findSnapshot(found.state, name);
  if (body.stateful) statefulRestore(snapshot);
  const profiles = await findProfilesById(deps.pool, snapshot.profiles);
  const ordered = snapshot.profiles.flatMap((id) => profiles.find((profile) => profile.id === id) ?? []);
  if (ordered.length < snapshot.profiles.length) throw new WeftError('profile.not-found', 'A profile that the snapshot uses does not exist any more');
  const restoredSpec: InstanceSpec = { ...row.spec, architecture: snapshot.architecture, ephemeral: snapshot.ephemeral, ...expand(ordered, snapshot) };
  const project = await requireProject(deps, meta.project);
  checkExpanded(project, restoredSpec.type, restoredSpec);
  await checkPorts(deps, meta, restoredSpec, true);
  return execute(deps, meta, 'instance.restore', body, (uow) => {
    enforceAggregateLimits(uow, project, restoredSpec);
    return startInstanceWork<RestoreParams>(deps, uow, meta, {
      row,
      description: 'Restoring snapshot',
      saga: 'snapshot.restore',
      timeLimitMs: SNAPSHOT_LIMIT_MS,
      decide: (state, operationId) => lockForRestore(state, operationId, name),
      params: (after) => ({
        snapshotId: findSnapshot(after, name).id,
        snapshotName: name,
        expiresAt: null,
        stateful: body.stateful,
        running: runs(after),
        restart: body.stateful || runs(after),
        epoch: after.epoch,
        restoredSpec,
      }),
    });
  });
};
