import { derivedId, type Devices } from '@weft/contracts';
import type { CommandOutcome } from '@weft/event-store';
import { executeOnce } from '@weft/service';
import { decideClusterGroup } from '../domain/cluster-group.decider';
import { clusterGroupFold, clusterGroupStream } from '../domain/cluster-group.state';
import { DEFAULT_GROUP } from '../domain/member.state';
import { decideProfile } from '../domain/profile.decider';
import { DEFAULT_PROFILE, profileFold, profileStream } from '../domain/profile.state';
import { decideProject } from '../domain/project.decider';
import { DEFAULT_FEATURES } from '../domain/project.features';
import { DEFAULT_PROJECT, projectFold, projectStream } from '../domain/project.state';
import { decideStoragePool } from '../domain/storage-pool.decider';
import { DEFAULT_POOL, storagePoolFold, storagePoolStream } from '../domain/storage-pool.state';
import type { Deps } from '../instance.deps';
import { serviceMeta } from './service-meta';

/** A new number with every addition: an installation that began without it gets it at its next start. */
const BOOTSTRAP = derivedId('bootstrap', '2');

/**
 * What every installation begins with: project, profile, storage pool and cluster group `default`. Safe at every start and in several
 * replicas at once: ids are derived, and what is there already stays as it is.
 * @param poolSource the directory that holds the pool on each member, as clients see it
 * @param network what the first profile's `eth0` is on; undefined where there are no networks
 */
export function bootstrap(deps: Deps, poolSource: string, network?: string): Promise<CommandOutcome<object>> {
  const meta = serviceMeta(DEFAULT_PROJECT, BOOTSTRAP, BOOTSTRAP);
  return executeOnce(deps, meta, 'bootstrap', {}, async (uow) => {
    const project = await uow.load(projectFold, projectStream(derivedId('project', DEFAULT_PROJECT)));
    if (project.state.status === 'none') {
      const id = derivedId('project', DEFAULT_PROJECT);
      const config = { ...DEFAULT_FEATURES, 'features.networks': 'true' };
      uow.append(projectStream(id), decideProject({ type: 'create', id, name: DEFAULT_PROJECT, description: 'Default LXD project', config }, project.state));
    }
    const profile = await uow.load(profileFold, profileStream(derivedId('profile', DEFAULT_PROFILE)));
    if (profile.state.status === 'none') {
      const id = derivedId('profile', DEFAULT_PROFILE);
      const eth0: Devices = network ? { eth0: { type: 'nic', network, name: 'eth0' } } : {};
      const devices: Devices = { ...eth0, root: { path: '/', pool: DEFAULT_POOL, type: 'disk' } };
      const command = { type: 'create', id, project: DEFAULT_PROJECT, name: DEFAULT_PROFILE, description: 'Default LXD profile', config: {}, devices } as const;
      uow.append(profileStream(id), decideProfile(command, profile.state));
    }
    const pool = await uow.load(storagePoolFold, storagePoolStream(DEFAULT_POOL));
    if (pool.state.status === 'none') {
      const command = { type: 'create', name: DEFAULT_POOL, driver: 'dir', description: '', config: { source: poolSource } } as const;
      uow.append(storagePoolStream(DEFAULT_POOL), decideStoragePool(command, pool.state));
    }
    const groupId = derivedId('cluster-group', DEFAULT_GROUP);
    const group = await uow.load(clusterGroupFold, clusterGroupStream(groupId));
    if (group.state.status === 'none') {
      const command = { type: 'create', id: groupId, name: DEFAULT_GROUP, description: 'Default cluster group' } as const;
      uow.append(clusterGroupStream(groupId), decideClusterGroup(command, group.state));
    }
    return {};
  });
}
