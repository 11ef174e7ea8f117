/** The composition root: the one place that names adapters and says what is started in which order. */
import { INSTANCE_CONTEXT, streamCopies } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { openServiceCore, type ComposedService } from '@weft/service';
import { createAgentClient } from './adapters/agent.client';
import { MemberRegistry } from './adapters/member-registry';
import { createNetworkClient } from './adapters/network.client';
import { createZoneClient } from './adapters/zone.client';
import { createTaskDispatcher } from './adapters/task-dispatcher';
import { instanceRouter } from './api/instance-router';
import { bootstrap } from './commands/bootstrap';
import { SERVICE } from './commands/service-meta';
import type { InstanceConfig } from './instance.config';
import type { Deps } from './instance.deps';
import { migrations } from './projections/migrations';
import { projections } from './projections/projections';
import { PlacedCounts } from './queries/placed-counts';
import { Heartbeats } from './reconcilers/heartbeats';
import { startImageFilesReconciler } from './reconcilers/image-files.reconciler';
import { OperationReconciler } from './reconcilers/operation.reconciler';
import { sagas } from './sagas';

export interface Running extends ComposedService {
  deps: Deps;
}

export async function compose(config: InstanceConfig, log: Logger): Promise<Running> {
  const core = await openServiceCore({ service: SERVICE, context: INSTANCE_CONTEXT, config, log, projections, migrations });
  const members = new MemberRegistry(config.memberOfflineMs);
  const tasks = await createTaskDispatcher(core.nats, streamCopies(config.natsUrl), members, log);
  const { store, pool, nats } = core;
  const { enrolment } = config;
  const deps: Deps = {
    store,
    pool,
    nats,
    log,
    sagas: core.sagas,
    members,
    tasks,
    enrolment,
    placed: new PlacedCounts(pool),
    agents: createAgentClient(nats),
    networks: createNetworkClient(nats),
    zones: createZoneClient(nats),
  };
  core.define(sagas(deps));
  await bootstrap(deps, config.poolSource, config.bootstrapNetwork);
  const heartbeats = new Heartbeats(deps, members);
  const operations = new OperationReconciler(deps);
  await heartbeats.start(nats);
  core.start();
  operations.start();
  const imageFiles = startImageFilesReconciler(deps);
  return {
    deps,
    commands: instanceRouter(deps),
    async close() {
      imageFiles.stop();
      operations.stop();
      heartbeats.stop();
      await core.stop();
      tasks.close();
      await core.disconnect();
    },
  };
}
