import type { NatsConnection } from '@nats-io/transport-node';
import { DNS_CONTEXT, dnsCommands } from '@weft/contracts';
import { createServiceClient, type ServiceClient } from '@weft/service';
import { SERVICE } from '../commands/service-meta';

/** What a project has of zones. */
export type ZoneClient = ServiceClient<typeof dnsCommands>;

export const createZoneClient = (nats: NatsConnection): ZoneClient => createServiceClient(SERVICE, nats, DNS_CONTEXT, dnsCommands);
