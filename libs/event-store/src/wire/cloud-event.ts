/**
 * Events on NATS: CloudEvents 1.0 in binary mode (attributes as `ce-` headers, the body is the data), with the
 * producer's cursor and the one before it, so that a reader notices every hole.
 * Source: CloudEvents specification 1.0.2 and its NATS protocol binding.
 */
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { eventSubject } from '@weft/contracts';
import { cursorOf, formatCursor, parseCursor } from '../cursor';
import type { Cursor, EventMeta, RecordedEvent } from '../types';

export const PREVIOUS_HEADER = 'weft-prev';
export const TX_HEADER = 'weft-tx';
export const POSITION_HEADER = 'weft-position';

interface EventBody {
  stream: string;
  version: number;
  schemaVersion: number;
  data: object;
  meta: EventMeta;
}

export interface EventMessage {
  subject: string;
  headers: MsgHdrs;
  payload: Uint8Array;
}

const UUID_TAIL = /^(.+)-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

/** `instance-<uuid>` is noun `instance`; nouns may have dashes before a UUID, other ids begin behind the first dash. */
export function splitStream(stream: string): { noun: string; id: string } {
  const match = UUID_TAIL.exec(stream) ?? /^([^-]+)-(.+)$/s.exec(stream);
  return match ? { noun: match[1]!, id: match[2]! } : { noun: stream, id: '_' };
}

const encoder = new TextEncoder();

export function toMessage(context: string, event: RecordedEvent, previous: Cursor): EventMessage {
  const { noun, id } = splitStream(event.stream);
  const fields: Record<string, string | undefined> = {
    'ce-specversion': '1.0',
    'ce-id': event.id,
    'ce-type': event.type,
    'ce-source': `/weft/${context}`,
    'ce-subject': headerValue(event.stream),
    'ce-time': event.meta.time,
    'content-type': 'application/json',
    traceparent: event.meta.traceparent,
    'weft-command': headerValue(event.commandId),
    [TX_HEADER]: event.tx,
    [POSITION_HEADER]: event.position,
    [PREVIOUS_HEADER]: formatCursor(previous),
  };
  const head = headers();
  for (const [name, value] of Object.entries(fields)) if (value) head.set(name, value);
  const { stream, version, schemaVersion, data, meta } = event;
  const body: EventBody = { stream, version, schemaVersion, data, meta };
  return { subject: eventSubject(context, meta.project, noun, id), headers: head, payload: encoder.encode(JSON.stringify(body)) };
}

/** CloudEvents percent-encodes what a header cannot carry (NATS binding 3.1.3). */
const headerValue = (text: string): string =>
  text.replace(/[^\x21-\x7e]|[%"]/gu, (c) => (encodeURIComponent(c) === c ? `%${c.codePointAt(0)!.toString(16)}` : encodeURIComponent(c)));

export interface Received {
  event: RecordedEvent;
  previous: Cursor;
}

/** @throws Error when the message was not written by `toMessage` */
export function fromMessage(head: MsgHdrs | undefined, payload: Uint8Array): Received {
  if (!head) throw new Error('an event without headers');
  const body = JSON.parse(new TextDecoder().decode(payload)) as EventBody;
  return {
    event: {
      ...placeOf(head),
      id: head.get('ce-id'),
      type: head.get('ce-type'),
      stream: body.stream,
      version: body.version,
      data: body.data,
      schemaVersion: body.schemaVersion,
      commandId: decodeURIComponent(head.get('weft-command')),
      meta: body.meta,
    },
    previous: parseCursor(head.get(PREVIOUS_HEADER)),
  };
}

export const placeOf = (head: MsgHdrs): Cursor => cursorOf(parseCursor(`${head.get(TX_HEADER)}.${head.get(POSITION_HEADER)}`));
