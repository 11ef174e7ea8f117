/**
 * Reading another service's log without touching its database: request/reply on `weft.cmd.<context>.events.read`.
 * Body and reply have the shape of every other query; replies are cut to what a NATS message carries.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { WeftError, commandSubject, unwrap, type CommandReply } from '@weft/contracts';
import { cursorOf, formatCursor, parseCursor } from '../cursor';
import type { StoreLogger } from '../logger';
import type { EventReader, LogPage } from '../read/event-reader';
import type { Cursor, RecordedEvent } from '../types';

/** Events behind a cursor, in log order: `readAll` of an event store, in this process or another. */
export type FetchFromProducer = (after: Cursor, limit: number) => Promise<LogPage>;

const MAX_LIMIT = 1_000;
/** A NATS message carries 1 MiB by default; headers and envelope need some of it. */
const MAX_REPLY_BYTES = 900 * 1024;
const REQUEST_MS = 2_000;

const subject = (context: string): string => commandSubject(context, 'events.read');

/** Answers readers, in a queue group with the other replicas. Returns the function that ends it. */
export function serveEvents(nats: NatsConnection, store: EventReader & { context: string }, logger: StoreLogger): () => void {
  const subscription = nats.subscribe(subject(store.context), {
    queue: store.context,
    callback: (error, message) => {
      if (error) return logger.warn({ err: error }, 'events.read subscription failed');
      void answer(store, message.data).then((reply) => message.respond(JSON.stringify(reply)));
    },
  });
  return () => {
    if (!nats.isClosed()) subscription.unsubscribe();
  };
}

async function answer(store: EventReader, data: Uint8Array): Promise<CommandReply<LogPage>> {
  try {
    const { body } = JSON.parse(new TextDecoder().decode(data)) as { body: { after: string; limit: number } };
    const limit = Math.max(1, Math.min(MAX_LIMIT, Math.trunc(Number(body.limit)) || 1));
    return { ok: true, result: trim(await store.readAll(parseCursor(body.after), limit)) };
  } catch (error) {
    const wire = error instanceof WeftError ? error : new WeftError('request.invalid', (error as Error).message);
    return { ok: false, error: wire.toWire() };
  }
}

function trim(page: LogPage): LogPage {
  let bytes = 0;
  const events: RecordedEvent[] = [];
  for (const event of page.events) {
    bytes += Buffer.byteLength(JSON.stringify(event));
    if (events.length > 0 && bytes > MAX_REPLY_BYTES) return { events, next: cursorOf(events.at(-1)!), fenced: false };
    events.push(event);
  }
  return page;
}

/** Reads the log of another service. @throws WeftError or a NATS error when nobody answers */
export const requestEvents =
  (nats: NatsConnection, context: string): FetchFromProducer =>
  async (after, limit) => {
    const request = JSON.stringify({ body: { after: formatCursor(after), limit: Math.min(limit, MAX_LIMIT) } });
    const reply = await nats.request(subject(context), request, { timeout: REQUEST_MS });
    return unwrap(reply.json<CommandReply<LogPage>>());
  };
