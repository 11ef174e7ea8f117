/** The composition root: the one place that names adapters and says what is started in which order. */
import type { NatsConnection } from '@nats-io/transport-node';
import { INSTANCE_CONTEXT } from '@weft/contracts';
import { createEventStore, createRelay, pokeRelay, serveEvents } from '@weft/event-store';
import { connectNats, createPgPool, type Logger } from '@weft/platform';
import { createSagaRunner, sagaMigrations, type SagaRunner } from '@weft/saga';
import { createAgentClient } from './adapters/agent.client';
import { MemberRegistry } from './adapters/member-registry';
import { createTaskDispatcher } from './adapters/task-dispatcher';
import { bootstrap } from './commands/bootstrap';
import type { InstanceConfig } from './instance.config';
import type { Deps } from './instance.deps';
import { countEvents, countPostponed, watchRelay } from './instance.metrics';
import { migrations } from './projections/migrations';
import { projections } from './projections/projections';
import { Heartbeats } from './reconcilers/heartbeats';
import { startImageFilesReconciler } from './reconcilers/image-files.reconciler';
import { OperationReconciler } from './reconcilers/operation.reconciler';
import { createPruning } from './reconcilers/pruning';
import { sagas } from './sagas';
import { sagaObserver } from './sagas/saga-observer';

export interface Running {
  deps: Deps;
  /** Commands may be taken after this; sagas and reconcilers work already. */
  nats: NatsConnection;
  close(): Promise<void>;
}

/** Sagas under way at once: most of them wait for hosts. */
const SAGAS_AT_ONCE = 2_000;

export async function compose(config: InstanceConfig, log: Logger): Promise<Running> {
  const nats = await connectNats(config.natsUrl, 'instance-svc', log);
  const pool = createPgPool(config.postgresUrl, { schema: config.schema, name: 'instance-svc', max: config.poolSize, logger: log });
  const poke = pokeRelay(nats, INSTANCE_CONTEXT);
  const store = createEventStore({
    pool,
    schema: config.schema,
    context: INSTANCE_CONTEXT,
    projections,
    migrations: [...sagaMigrations, ...migrations],
    logger: log,
    onAppended: (events) => {
      countEvents(events);
      poke();
    },
  });
  await store.migrate();
  const members = new MemberRegistry(config.memberOfflineMs);
  const tasks = await createTaskDispatcher(nats, members, log);
  const holder: { runner?: SagaRunner } = {};
  const runner = () => holder.runner!;
  const deps: Deps = {
    store,
    pool,
    nats,
    members,
    tasks,
    agents: createAgentClient(nats),
    log,
    sagas: {
      insert: (client, saga) => runner().insert(client, saga),
      wake: (id) => runner().wake(id),
      cancel: (id) => runner().cancel(id),
    },
  };
  holder.runner = createSagaRunner({
    pool,
    schema: config.schema,
    definitions: sagas(deps),
    owner: 'instance-svc',
    logger: log,
    limit: SAGAS_AT_ONCE,
    observer: sagaObserver,
    onStuck: countPostponed,
  });
  await bootstrap(deps, config.poolSource);
  const heartbeats = new Heartbeats(deps, members);
  const operations = new OperationReconciler(deps);
  const relay = createRelay({ store, nats, logger: log });
  const stopServing = serveEvents(nats, store, log);
  watchRelay(relay);
  relay.start();
  await heartbeats.start(nats);
  runner().start();
  operations.start();
  const imageFiles = startImageFilesReconciler(deps);
  const pruning = createPruning({ pool, schema: config.schema, keep: config.keep, log });
  pruning.start();
  return {
    deps,
    nats,
    async close() {
      await pruning.stop();
      imageFiles.stop();
      operations.stop();
      heartbeats.stop();
      await runner().stop();
      stopServing();
      await relay.stop();
      tasks.close();
      await nats.drain();
      await pool.end();
    },
  };
}
