/** The JetStream side of a relay: makes the stream, reads where it ends, appends to it. */
import { JetStreamApiCodes, JetStreamApiError, jetstream, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { token } from '@weft/contracts';
import type { Cursor } from '../types';
import { placeOf, type EventMessage } from '../wire/cloud-event';

export interface EventsStreamOptions {
  name: string;
  /** Oldest event kept, in milliseconds (7 days). Postgres keeps everything. */
  maxAgeMs?: number;
  /** Size at which the oldest events go (256 MiB). */
  maxBytes?: number;
  /** Copies in a NATS cluster (1). */
  replicas?: number;
}

/** Time within which the broker must acknowledge, in milliseconds. */
const ACK_MS = 2_000;
const WEEK_MS = 7 * 24 * 3_600_000;
const DUPLICATE_WINDOW_MS = 120_000;

export interface EventsStream {
  /** Creates the stream when it is missing; an existing one is left as an operator configured it. */
  ensure(): Promise<void>;
  /** Place of the newest stored event of a context; undefined when there is none. @throws when the stream is missing */
  tail(context: string): Promise<Cursor | undefined>;
  /** Publishes in order, all of it in one go; fails when any of it was not acknowledged. */
  publish(messages: readonly EventMessage[], ids: readonly string[] | undefined): Promise<void>;
}

export function eventsStream(nats: NatsConnection, options: EventsStreamOptions): EventsStream {
  const js = jetstream(nats, { timeout: ACK_MS });
  const manager = jetstreamManager(nats, { checkAPI: false, timeout: ACK_MS });
  const config: Partial<StreamConfig> & { name: string } = {
    name: options.name,
    subjects: ['weft.event.>'],
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    max_age: nanos(options.maxAgeMs ?? WEEK_MS),
    max_bytes: options.maxBytes ?? 256 * 1024 * 1024,
    duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MS, options.maxAgeMs ?? WEEK_MS)),
    num_replicas: options.replicas ?? 1,
  };

  return {
    async ensure() {
      const jsm = await manager;
      try {
        await jsm.streams.info(options.name);
      } catch (error) {
        if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
        await jsm.streams.add(config);
      }
    },

    async tail(context) {
      const jsm = await manager;
      const last = await jsm.streams.getMessage(options.name, { last_by_subj: `weft.event.${token(context)}.>` });
      return last ? placeOf(last.header) : undefined;
    },

    async publish(messages, ids) {
      // Every message is handed to the connection in this turn of the loop: a reconnect cannot fall between two.
      const acks = messages.map((message, index) => {
        const id = ids?.[index];
        return js.publish(message.subject, message.payload, { headers: message.headers, timeout: ACK_MS, ...(id ? { msgID: id } : {}) });
      });
      for (const ack of await Promise.allSettled(acks)) if (ack.status === 'rejected') throw ack.reason;
    },
  };
}
