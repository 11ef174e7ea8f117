/** Delete, rename and expiry of a snapshot. Only the first needs the host: there a snapshot is known by its id. */
import type { InstanceEvent, Meta } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { checkEtag } from '../domain/etag';
import { existing } from '../domain/instance.decider';
import { snapshotEtag } from '../domain/instance.document';
import { instanceFold, instanceStream, type InstanceState } from '../domain/instance.state';
import { findSnapshot, lockForSnapshotDelete, renameSnapshot as decideRename, updateSnapshot as decideUpdate } from '../domain/snapshot.decider';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
import type { SnapshotParams } from '../sagas/saga-params';
import { SNAPSHOT_LIMIT_MS } from './create-snapshot';
import { appendInstance, startInstanceWork } from './instance-operation';
import { startedAndDone } from './operations';
import { requireOnline } from './require-online';
import { expiryOf } from './snapshot-expiry';

const snapshotResources = (instance: string, name: string) => ({
  instances: [`/1.0/instances/${instance}`],
  instances_snapshots: [`/1.0/instances/${instance}/snapshots/${name}`],
});

export const deleteSnapshot: CommandHandler<'snapshot.delete'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.instance);
  await requireOnline(deps, row.member);
  return execute(deps, meta, 'snapshot.delete', body, (uow) =>
    startInstanceWork<SnapshotParams>(deps, uow, meta, {
      row,
      description: 'Deleting snapshot',
      saga: 'snapshot.delete',
      timeLimitMs: SNAPSHOT_LIMIT_MS,
      decide: (state, operationId) => lockForSnapshotDelete(state, operationId, body.name),
      params: (after) => ({ snapshotId: findSnapshot(after, body.name).id, snapshotName: body.name, expiresAt: null }),
    }),
  );
};

export const renameSnapshot: CommandHandler<'snapshot.rename'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.instance);
  return changeAtOnce(deps, meta, 'snapshot.rename', body, { row, description: 'Renaming snapshot', snapshot: body.name }, (state) =>
    decideRename(state, body.name, body.newName),
  );
};

export const updateSnapshot: CommandHandler<'snapshot.update'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.instance);
  const expiresAt = expiryOf(body.expiresAt);
  return changeAtOnce(deps, meta, 'snapshot.update', body, { row, description: 'Updating snapshot', snapshot: body.name }, (state) => {
    checkEtag(body.ifMatch, snapshotEtag(findSnapshot(existing(state), body.name)));
    return decideUpdate(state, body.name, expiresAt);
  });
};

interface Change {
  row: InstanceRow;
  description: string;
  snapshot: string;
}

function changeAtOnce(deps: Deps, meta: Meta, name: string, body: object, change: Change, decide: (state: InstanceState) => InstanceEvent[]) {
  return execute(deps, meta, name, body, async (uow) => {
    const { state } = await uow.load(instanceFold, instanceStream(change.row.id));
    appendInstance(uow, change.row.id, decide(state));
    return startedAndDone(uow, meta, {
      description: change.description,
      resources: snapshotResources(change.row.spec.name, change.snapshot),
      location: change.row.member,
    });
  });
}
