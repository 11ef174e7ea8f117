import type { EventStore } from '@weft/event-store';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { SagaInserter } from '@weft/service';
import type { AgentClient } from './adapters/agent.client';
import type { NetworkClient } from './adapters/network.client';
import type { ZoneClient } from './adapters/zone.client';
import type { MemberDirectory } from './domain/member-directory';
import type { PlacedCounts } from './queries/placed-counts';
import type { TaskDispatcher } from './adapters/task-dispatcher';

/** What commands, sagas and reconcilers work with; put together in `composition.ts` and nowhere else. */
export interface Deps {
  store: EventStore;
  /** Search path is the service's schema. For reads only: writes go through `store`. */
  pool: Pool;
  nats: NatsConnection;
  sagas: SagaInserter;
  /** Durable tasks for a host. */
  tasks: TaskDispatcher;
  /** Interactive requests to a host. */
  agents: AgentClient;
  /** Ports of NICs: the network service. */
  networks: NetworkClient;
  /** What a project has of zones: the DNS service. */
  zones: ZoneClient;
  /** Who is there and what they have, from heartbeats. */
  members: MemberDirectory;
  /** How many instances each member has. */
  placed: PlacedCounts;
  enrolment: Enrolment;
  log: Logger;
}

/** Which hosts may be members. */
export interface Enrolment {
  /** Every host with the right to send heartbeats; otherwise those that join with a token. */
  open: boolean;
  /** SHA-256, in hexadecimal, of the token of each host that whoever started the platform vouches for. */
  tokens: Readonly<Record<string, string>>;
}
