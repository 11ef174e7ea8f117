import type { EventStore } from '@weft/event-store';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { SagaInserter } from '@weft/service';
import type { AgentClient } from './adapters/agent.client';
import type { NetworkClient } from './adapters/network.client';
import type { MemberDirectory } from './domain/member-directory';
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
  /** Who is there and what they have, from heartbeats. */
  members: MemberDirectory;
  log: Logger;
}
