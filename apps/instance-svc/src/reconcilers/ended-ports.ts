/** A guest that ended by itself leaves its ports in OVN: they are taken out before the log says that it has stopped. */
import { derivedId } from '@weft/contracts';
import { serviceMeta } from '../commands/service-meta';
import type { Deps } from '../instance.deps';
import type { InstanceRow } from '../queries/find-instance';
import { hasNics } from '../sagas/port-work';

const RELEASE_LIMIT_MS = 3_000;

/** Never fails: a network service that is away must not make a dead guest look alive. The next start binds the ports anew. */
export async function releaseEndedPorts(deps: Pick<Deps, 'networks' | 'log'>, { spec, epoch, member }: InstanceRow): Promise<void> {
  if (!hasNics(spec)) return;
  const id = derivedId('ended', spec.id, String(epoch), String(Date.now()));
  try {
    await deps.networks.call('port.deactivate', { instanceId: spec.id }, { meta: serviceMeta(spec.project, id, id), timeoutMs: RELEASE_LIMIT_MS });
  } catch (error) {
    deps.log.warn({ err: error, instanceId: spec.id, member }, 'ports of a guest that has ended stay in OVN until its next start');
  }
}
