import type { NatsConnection } from '@nats-io/transport-node';
import { DNS_CONTEXT, dnsCommands } from '@weft/contracts';
import { createServiceClient } from '@weft/service';
import type { ZoneClient } from '../clients/zone.client';
import { SERVICE } from '../commands/service-meta';

const PATIENCE_MS = 5_000;

export function createZoneClient(nats: NatsConnection): ZoneClient {
  const dns = createServiceClient(SERVICE, nats, DNS_CONTEXT, dnsCommands);
  return {
    async check(zones, meta) {
      await dns.call('zone.check', { zones: [...zones] }, { meta, timeoutMs: PATIENCE_MS });
    },
  };
}
