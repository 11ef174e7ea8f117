import { derivedId, WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { expiryAfter } from '../domain/config-values';
import { existing } from '../domain/instance.decider';
import { checkSnapshotsAllowed } from '../domain/project.restrictions';
import { lockForSnapshot, nextSnapshotName } from '../domain/snapshot.decider';
import { statefulSnapshot } from '../domain/stateful.rules';
import { findInstance } from '../queries/find-instance';
import type { SnapshotParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { requireProject } from './plan-instance';
import { requireOnline } from './require-online';
import { expiryOf } from './snapshot-expiry';

export const SNAPSHOT_LIMIT_MS = 60 * 60_000;

export const createSnapshot: CommandHandler<'snapshot.create'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.instance);
  checkSnapshotsAllowed(await requireProject(deps, meta.project));
  await requireOnline(deps, row.member);
  const asked = expiryOf(body.expiresAt);
  return execute(deps, meta, 'snapshot.create', body, async (uow) => {
    let name = body.name;
    const span = row.spec.config['snapshots.expiry'];
    const expiresAt = asked ?? (body.expiresAt === undefined || body.expiresAt === null ? (span && expiryAfter(uow.now, span)?.toISOString()) || null : null);
    if (asked && Date.parse(asked) <= uow.now.getTime()) throw new WeftError('request.invalid', 'The expiry date of a snapshot must lie in the future');
    return startInstanceWork<SnapshotParams>(deps, uow, meta, {
      row,
      description: 'Snapshotting instance',
      saga: 'snapshot.create',
      timeLimitMs: SNAPSHOT_LIMIT_MS,
      decide(state, operationId) {
        name = body.name || nextSnapshotName(existing(state), row.spec.config['snapshots.pattern'] || 'snap%d');
        if (body.stateful) statefulSnapshot(row.spec, existing(state));
        return lockForSnapshot(state, { operationId, name, stateful: body.stateful });
      },
      params: () => ({ snapshotId: derivedId(meta.commandId, 'snapshot'), snapshotName: name, expiresAt, stateful: body.stateful }),
    });
  });
};
