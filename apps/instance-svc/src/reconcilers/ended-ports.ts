/** A guest that ended by itself leaves its ports in OVN: they are taken out before the log says that it has stopped. */
import { derivedId } from '@weft/contracts';
import { serviceMeta } from '../commands/service-meta';
import { hasNics } from '../domain/nic-identity';
import type { Deps } from '../instance.deps';
import type { InstanceRow } from '../queries/find-instance';
import { releaseOrLater } from '../sagas/port-release';

const RELEASE_LIMIT_MS = 3_000;

/** A network service that is away must not make a dead guest look alive: then the ports leave later. */
export async function releaseEndedPorts(deps: Deps, { spec, epoch }: InstanceRow): Promise<void> {
  if (!hasNics(spec)) return;
  const id = derivedId('ended', spec.id, String(epoch));
  await releaseOrLater(deps, { meta: serviceMeta(spec.project, id, id), instanceId: spec.id, commandId: id }, RELEASE_LIMIT_MS);
}
