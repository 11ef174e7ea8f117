/** `source.refresh` for an instance that is here: its disk and snapshots become what another server's are (docs/adr/0016). */
import { WeftError, type InstanceCommandBody, type Meta } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandResult } from '../api/command-handler';
import { lockForRefresh } from '../domain/handover.decider';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
import type { InstanceSagaParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { requireOnline } from './require-online';

/** Disks of terabytes are copied meanwhile. */
const REFRESH_LIMIT_MS = 24 * 3600_000;

/** The instance that the request would refresh; undefined when there is none yet: then it is made. */
export async function findRefreshed(deps: Deps, project: string, { name, source }: InstanceCommandBody<'instance.create'>): Promise<InstanceRow | undefined> {
  if (!source.refresh) return undefined;
  try {
    return await findInstance(deps.pool, project, name);
  } catch (error) {
    if (error instanceof WeftError && error.code === 'instance.not-found') return undefined;
    throw error;
  }
}

export async function refreshInstance(deps: Deps, meta: Meta, body: InstanceCommandBody<'instance.create'>, row: InstanceRow): Promise<CommandResult> {
  const { source, type } = body;
  if (source.type !== 'migration')
    throw new WeftError(
      'request.unsupported',
      'Refreshing a copy of an instance of the same server is not supported yet: delete it first, or choose another name',
    );
  if (type && type !== row.spec.type) throw new WeftError('request.invalid', `The instance is a ${row.spec.type}: it cannot be refreshed from a ${type}`);
  await requireOnline(deps, row.member);
  return execute(deps, meta, 'instance.create', body, (uow) =>
    startInstanceWork<InstanceSagaParams>(deps, uow, meta, {
      row,
      description: 'Creating instance',
      ...(source.mode === 'push' ? { class: 'websocket' as const } : {}),
      saga: 'instance.refresh',
      timeLimitMs: REFRESH_LIMIT_MS,
      mayCancel: true,
      decide: lockForRefresh,
      params: () => ({}),
    }),
  );
}
