/** Another service's log, with nothing behind it: what dns-svc reads of the instance and network services. */
import type { NatsConnection } from '@nats-io/transport-node';
import { newId } from '@weft/contracts';
import { createEventStore, createRelay, pokeRelay, serveEvents, silentLogger, type EventStore, type NewEvent } from '@weft/event-store';
import { Pool } from 'pg';

export class ForeignLog {
  private constructor(
    private readonly store: EventStore,
    private readonly pool: Pool,
    private readonly stops: (() => unknown)[],
  ) {}

  static async open(postgresUrl: string, nats: NatsConnection, context: string): Promise<ForeignLog> {
    const pool = new Pool({ connectionString: postgresUrl, max: 4 });
    const store = createEventStore({ pool, schema: context, context, onAppended: pokeRelay(nats, context) });
    await store.migrate();
    const relay = createRelay({ store, nats });
    relay.start();
    return new ForeignLog(store, pool, [serveEvents(nats, store, silentLogger), () => relay.stop()]);
  }

  async append(stream: string, ...events: NewEvent[]): Promise<void> {
    const id = newId();
    const meta = { actor: { protocol: 'service', username: 'test', address: '' }, project: 'default', requestId: id, correlationId: id };
    await this.store.execute({ id, name: 'test', body: {}, meta }, (uow) => {
      uow.append(stream, events);
      return Promise.resolve({});
    });
  }

  async close(): Promise<void> {
    for (const stop of this.stops) await stop();
    await this.pool.end();
  }
}
