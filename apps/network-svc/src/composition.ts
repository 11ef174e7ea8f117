/** The composition root: the one place that names adapters and says what is started in which order. */
import { INSTANCE_CONTEXT, NETWORK_CONTEXT } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { openServiceCore, type ComposedService } from '@weft/service';
import { noOvn } from './adapters/no-ovn';
import { CONSUMER, createProjectFollower } from './adapters/project-follower';
import { createZoneClient } from './adapters/zone.client';
import { networkRouter } from './api/network-router';
import { bootstrap } from './commands/bootstrap';
import { SERVICE } from './commands/service-meta';
import { FOLLOWED, followInstanceService } from './consumers/instance-facts';
import type { NetworkConfig } from './network.config';
import type { Deps } from './network.deps';
import { migrations } from './projections/migrations';
import { projections } from './projections/projections';

export interface Running extends ComposedService {
  deps: Deps;
}

export async function compose(config: NetworkConfig, log: Logger): Promise<Running> {
  const core = await openServiceCore({ service: SERVICE, context: NETWORK_CONTEXT, config, log, projections, migrations });
  const { store, pool, nats } = core;
  const deps: Deps = { store, pool, log, dataPlane: noOvn, zones: createZoneClient(nats), projects: createProjectFollower(nats, pool, log) };
  core.consume({ context: INSTANCE_CONTEXT, name: CONSUMER, handles: FOLLOWED, handle: followInstanceService });
  await bootstrap(deps, config.bootstrapUplink);
  core.start();
  return {
    deps,
    commands: networkRouter(deps),
    async close() {
      await core.stop();
      await core.disconnect();
    },
  };
}
