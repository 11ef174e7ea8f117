import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@weft/platform';
import type { CommandClient } from './clients/command.client';
import type { EventHub } from './clients/event.hub';
import type { MemberWatch } from './clients/member.watch';
import type { ReadClient } from './clients/read.client';
import type { TrustStore } from './clients/trust.client';
import type { GatewayConfig } from './gateway.config';
import type { ServerCertificate } from './http/server-certificate';

/** What routes and sockets work with; made once in gateway.module.ts. */
export interface Deps {
  config: GatewayConfig;
  nc: NatsConnection;
  reads: ReadClient;
  commands: CommandClient;
  trust: TrustStore;
  hub: EventHub;
  members: MemberWatch;
  certificate: ServerCertificate;
  /** Key of the operation secrets. */
  sessionKey: Buffer;
  logger: Logger;
}
