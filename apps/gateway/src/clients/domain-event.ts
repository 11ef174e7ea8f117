/**
 * An event of the platform on NATS as the gateway uses it: a CloudEvent in binary mode, `ce-type` names it and the
 * payload holds data and meta (@weft/event-store, wire/cloud-event.ts). Read here without the event store, which the
 * gateway has no other use for.
 */
import type { Msg } from '@nats-io/transport-node';
import { z } from 'zod';
import type { DomainEvent } from '../domain/lifecycle';

const payload = z.object({
  data: z.record(z.string(), z.unknown()),
  meta: z.object({
    project: z.string(),
    time: z.string(),
    actor: z.object({ protocol: z.string(), username: z.string(), address: z.string() }),
  }),
});

/** "" for a message that is no event. */
export const eventType = ({ headers }: Pick<Msg, 'headers'>): string => headers?.get('ce-type') ?? '';

/** undefined for a message that is no event: one bad message must not stop the feed. */
export function decodeDomainEvent(message: Pick<Msg, 'headers' | 'string'>): DomainEvent | undefined {
  const type = eventType(message);
  if (type === '') return undefined;
  let parsed;
  try {
    parsed = payload.safeParse(JSON.parse(message.string()));
  } catch {
    return undefined;
  }
  if (!parsed.success) return undefined;
  const { data, meta } = parsed.data;
  return { type, data, actor: meta.actor, time: meta.time, project: typeof data.project === 'string' ? data.project : '' };
}
