import type { NatsConnection } from '@nats-io/transport-node';
import { ServerNats, type IncomingRequest, type OutgoingResponse } from '@nestjs/microservices';

interface RawMessage {
  subject: string;
  reply?: string;
  json(): unknown;
}

/**
 * Nest's NATS transport, speaking plain JSON: the request is a `CommandEnvelope`, the reply a `CommandReply`, without
 * Nest's packet around them. It owns the connection it is given and closes it with the application.
 */
export class CommandServer extends ServerNats {
  constructor(
    private readonly connection: NatsConnection,
    queue: string,
  ) {
    super({ queue, serializer: { serialize: toReply }, deserializer: { deserialize: toRequest } });
  }

  override createNatsClient(): Promise<NatsConnection> {
    return Promise.resolve(this.connection);
  }
}

function toRequest(message: RawMessage): IncomingRequest {
  return { id: message.reply ?? 'none', pattern: message.subject, data: readJson(message) };
}

function readJson(message: RawMessage): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

function toReply(packet: OutgoingResponse): { data: string } {
  return { data: JSON.stringify(packet.response ?? { ok: false, error: { code: 'internal', message: 'Internal error' } }) };
}
