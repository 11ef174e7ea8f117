/** The composition root: the one place that names adapters and says what is started in which order. */
import { INSTANCE_CONTEXT, NETWORK_CONTEXT } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { openServiceCore, type ComposedService, type ServiceCore } from '@weft/service';
import { createHostClient } from './adapters/host.client';
import { noOvn } from './adapters/no-ovn';
import { OvnConnections } from './adapters/ovn';
import { CONSUMER, createProjectFollower } from './adapters/project-follower';
import { createZoneClient } from './adapters/zone.client';
import { networkRouter } from './api/network-router';
import { bootstrap } from './commands/bootstrap';
import { SERVICE } from './commands/service-meta';
import { FOLLOWED, followInstanceService } from './consumers/instance-facts';
import type { NetworkConfig, OvnConfig } from './network.config';
import type { Deps } from './network.deps';
import { migrations } from './projections/migrations';
import { projections } from './projections/projections';
import { followHosts } from './reconcilers/host-uplinks';
import { createRepair } from './reconcilers/repair';
import { createDataPlane } from './reconcilers/settle';

const TELL_HOSTS_MS = 60_000;

export interface Running extends ComposedService {
  deps: Deps;
}

export async function compose(config: NetworkConfig, log: Logger): Promise<Running> {
  const core = await openServiceCore({ service: SERVICE, context: NETWORK_CONTEXT, config, log, projections, migrations, planOnce: true });
  const { store, pool, nats } = core;
  const plane = config.ovn ? openOvn(config.ovn, config.schema, core) : undefined;
  const dataPlane = plane?.dataPlane ?? noOvn;
  const hosts = createHostClient(nats, log);
  const deps: Deps = { store, pool, log, dataPlane, hosts, zones: createZoneClient(nats), projects: createProjectFollower(nats, pool, log) };
  core.consume({ context: INSTANCE_CONTEXT, name: CONSUMER, handles: FOLLOWED, handle: followInstanceService });
  await bootstrap(deps, config.bootstrapUplink);
  core.start();
  plane?.repair.start();
  const stopFollowing = plane ? followHosts(deps, log, TELL_HOSTS_MS) : undefined;
  return {
    deps,
    commands: networkRouter(deps),
    async close() {
      stopFollowing?.();
      await plane?.close();
      await core.stop();
      await core.disconnect();
    },
  };
}

function openOvn(config: OvnConfig, schema: string, { store, pool, log }: ServiceCore) {
  const ovn = new OvnConnections(config, log);
  const repair = createRepair({ store, pool, schema, ovn, log, checkMs: config.checkMs });
  const dataPlane = createDataPlane({ pool, ovn, log, waitMs: config.waitMs, onFailure: () => repair.ring() });
  return {
    repair,
    dataPlane,
    async close() {
      await repair.stop();
      await dataPlane.idle();
      await ovn.close();
    },
  };
}
