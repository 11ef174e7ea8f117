/** New events of one producer as they reach JetStream: for speed only. What is missed here is fetched elsewhere. */
import { jetstream, type ConsumerMessages } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { token } from '@weft/contracts';
import type { Bell } from '../lease/bell';
import type { StoreLogger } from '../logger';
import { fromMessage, type Received } from '../wire/cloud-event';

export interface LiveEvent extends Received {
  streamSequence: string;
}

export interface LiveFeed {
  /** Takes up to `limit` of what has arrived. */
  take(limit: number): LiveEvent[];
  /** True once, after anything happened that may have cost messages: fetch from the producer. */
  takeDoubt(): boolean;
  close(): Promise<void>;
}

/** More than this waiting: the newest are dropped and fetched later. */
const MAX_WAITING = 5_000;
const RETRY_MS = 500;

/** Rings the bell whenever there is something to take. */
export function openLiveFeed(nats: NatsConnection, stream: string, context: string, bell: Bell, logger: StoreLogger): LiveFeed {
  let waiting: LiveEvent[] = [];
  let doubt = true;
  let closed = false;
  let messages: ConsumerMessages | undefined;
  let retry: NodeJS.Timeout | undefined;

  const doubtful = (): void => {
    doubt = true;
    bell.ring();
  };

  const listen = async (): Promise<void> => {
    const consumer = await jetstream(nats).consumers.get(stream, {
      filter_subjects: `weft.event.${token(context)}.>`,
      deliver_policy: 'new',
    });
    const opened = await consumer.consume({ max_messages: 500, expires: 10_000, idle_heartbeat: 2_000 });
    messages = opened;
    if (closed) return opened.stop();
    doubtful();
    void (async () => {
      for await (const { type } of opened.status()) {
        if (type === 'heartbeats_missed' || type === 'ordered_consumer_recreated' || type === 'stream_not_found' || type === 'consumer_not_found') doubtful();
      }
    })();
    for await (const message of opened) {
      if (waiting.length >= MAX_WAITING) doubtful();
      else waiting.push({ ...fromMessage(message.headers, message.data), streamSequence: String(message.seq) });
      bell.ring();
    }
  };

  const run = (): void => {
    if (closed || nats.isClosed()) return;
    listen()
      .catch((error: unknown) => logger.debug({ err: error, context }, 'live events interrupted'))
      .finally(() => {
        doubtful();
        if (!closed) retry = setTimeout(run, RETRY_MS);
      });
  };
  run();

  return {
    take(limit) {
      const taken = waiting.slice(0, limit);
      waiting = waiting.slice(limit);
      return taken;
    },
    takeDoubt() {
      const was = doubt;
      doubt = false;
      return was;
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      messages?.stop();
    },
  };
}
