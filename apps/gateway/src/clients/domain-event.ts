/** A CloudEvent of the platform (binary mode: attributes in `ce-*` headers, data as the payload) as the gateway uses it. */
import type { Msg } from '@nats-io/transport-node';
import type { DomainEvent } from '../domain/lifecycle';

/** undefined for a message that is no event: never let one bad message stop the feed. */
export function decodeDomainEvent(message: Msg): DomainEvent | undefined {
  const header = (name: string): string => message.headers?.get(name) ?? '';
  const type = header('ce-type').split('.').at(-1) ?? '';
  if (type === '') return undefined;
  let data: Record<string, unknown>;
  try {
    data = message.json<Record<string, unknown>>();
  } catch {
    return undefined;
  }
  const username = header('ce-actorname');
  return {
    type,
    project: header('ce-project') || (typeof data.project === 'string' ? data.project : ''),
    data,
    actor: username === '' ? undefined : { protocol: header('ce-actorprotocol'), username, address: header('ce-actoraddress') },
    time: header('ce-time') || new Date().toISOString(),
  };
}
