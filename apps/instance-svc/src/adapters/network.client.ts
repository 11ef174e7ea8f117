import type { NatsConnection } from '@nats-io/transport-node';
import { NETWORK_CONTEXT, networkCommands } from '@weft/contracts';
import { createServiceClient, type ServiceClient } from '@weft/service';
import { SERVICE } from '../commands/service-meta';

/** Ports of NICs, and what a project has of networks. */
export type NetworkClient = ServiceClient<typeof networkCommands>;

export const createNetworkClient = (nats: NatsConnection): NetworkClient => createServiceClient(SERVICE, nats, NETWORK_CONTEXT, networkCommands);
