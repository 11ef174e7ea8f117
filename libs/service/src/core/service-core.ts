/**
 * What every service that keeps a log is built around: its connections, its event store, its sagas, the relay of its
 * events to the others, and readers of theirs.
 *
 *   openServiceCore --> store migrated; commands, sagas and effects may be composed around it
 *     .define(sagas)  --> commands may insert sagas from here on
 *     .consume(...)   --> readers of other services' events, once started
 *     .start()        --> relay, answers to readers, sagas, consumers, pruning
 *     .stop()         --> all of that given back; then .disconnect()
 */
import type { NatsConnection } from '@nats-io/transport-node';
import {
  createConsumer,
  createEventStore,
  createRelay,
  requestEvents,
  serveEvents,
  type ConsumerOptions,
  type EventStore,
  type EventStoreOptions,
  type Relay,
  type Worker,
} from '@weft/event-store';
import { streamCopies } from '@weft/contracts';
import { connectNats, createPgPool, type Logger } from '@weft/platform';
import { createSagaRunner, sagaMigrations, type SagaRunner, type SagaRunnerOptions } from '@weft/saga';
import type { Pool } from 'pg';
import { serviceMetrics } from '../service.metrics';
import { createPruning } from './pruning';
import type { SagaInserter } from './saga-inserter';
import { sagaObserver } from './saga-observer';
import type { ServiceConfig } from './service.config';

export interface ServiceCoreOptions extends Required<Pick<EventStoreOptions, 'context' | 'projections' | 'migrations'>>, Pick<EventStoreOptions, 'upcasters'> {
  /** As others see it: `network-svc`. */
  service: string;
  config: ServiceConfig;
  log: Logger;
  /** See `createPgPool`. */
  planOnce?: boolean;
}

/** Whose events, and what becomes of them; the rest is known here. `name` tells several readers of one context apart. */
export type Consumption = Pick<ConsumerOptions, 'context' | 'handles' | 'handle' | 'committed' | 'batch'> & { name?: string };

export interface ServiceCore {
  readonly service: string;
  readonly log: Logger;
  readonly nats: NatsConnection;
  /** Search path is the service's schema. For reads only: writes go through `store`. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly sagas: SagaInserter;
  /** Once, before `start`. Their deps may have been made with `sagas`. */
  define(definitions: SagaRunnerOptions['definitions']): void;
  /** Reads another service's events, each exactly once in effect; see `createConsumer` of @weft/event-store. Before `start`. */
  consume(consumption: Consumption): void;
  start(): void;
  /** Ends everything that `start` began, and hands it to another replica. */
  stop(): Promise<void>;
  /** Last of all: nothing works without connections. */
  disconnect(): Promise<void>;
}

/** Sagas under way at once: most of them wait for others. */
const SAGAS_AT_ONCE = 2_000;

/** Connects, and brings the schema up to date. */
export async function openServiceCore(options: ServiceCoreOptions): Promise<ServiceCore> {
  const { service, config, log, context } = options;
  const nats = await connectNats(config.natsUrl, service, log);
  const pool = createPgPool(config.postgresUrl, { schema: config.schema, name: service, max: config.poolSize, logger: log, planOnce: options.planOnce });
  const store = createEventStore({
    pool,
    schema: config.schema,
    context,
    projections: options.projections,
    upcasters: options.upcasters,
    migrations: [...sagaMigrations, ...options.migrations],
    logger: log,
    onAppended: (events, place) => {
      serviceMetrics(context).countEvents(events);
      relay.wake(place);
    },
  });
  const relay = createRelay({ store, nats, replicas: streamCopies(config.natsUrl), logger: log });
  await store.migrate();
  return new Core(service, config, log, nats, pool, store, relay);
}

class Core implements ServiceCore {
  private runner: SagaRunner | undefined;
  private readonly consumers: Worker[] = [];
  private stops: (() => unknown)[] = [];

  constructor(
    readonly service: string,
    private readonly config: ServiceConfig,
    readonly log: Logger,
    readonly nats: NatsConnection,
    readonly pool: Pool,
    readonly store: EventStore,
    private readonly relay: Relay,
  ) {}

  readonly sagas: SagaInserter = {
    insert: (client, saga) => this.defined().insert(client, saga),
    wake: (id) => this.defined().wake(id),
    cancel: (id) => this.defined().cancel(id),
  };

  define(definitions: SagaRunnerOptions['definitions']): void {
    const metrics = serviceMetrics(this.store.context);
    this.runner = createSagaRunner({
      pool: this.pool,
      schema: this.config.schema,
      definitions,
      owner: this.service,
      logger: this.log,
      limit: SAGAS_AT_ONCE,
      observer: sagaObserver(metrics),
      onStuck: ({ type }) => metrics.countPostponed(type),
    });
  }

  consume({ context, name = `events of ${context}`, ...rest }: Consumption): void {
    const { pool, nats, log } = this;
    const fetchFromProducer = requestEvents(nats, context);
    this.consumers.push(createConsumer({ ...rest, context, name, pool, schema: this.config.schema, nats, fetchFromProducer, logger: log }));
  }

  start(): void {
    const { nats, store, log, pool, config, relay } = this;
    serviceMetrics(store.context).watchRelay(relay);
    const pruning = createPruning({ pool, schema: config.schema, keep: config.keep, log });
    relay.start();
    this.stops = [
      () => pruning.stop(),
      () => Promise.all(this.consumers.map((one) => one.stop())),
      () => this.runner?.stop(),
      serveEvents(nats, store, log),
      () => relay.stop(),
    ];
    this.runner?.start();
    for (const consumer of this.consumers) consumer.start();
    pruning.start();
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.splice(0)) await stop();
  }

  async disconnect(): Promise<void> {
    await this.nats.drain();
    await this.pool.end();
  }

  private defined(): SagaRunner {
    if (!this.runner) throw new Error(`${this.service} has defined no sagas`);
    return this.runner;
  }
}
