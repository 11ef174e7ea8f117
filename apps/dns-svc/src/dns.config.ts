import { listenAddress } from '@weft/contracts';
import { loadConfig } from '@weft/platform';
import { serviceConfig, serviceEnvironment, type ServiceConfig } from '@weft/service';
import { z } from 'zod';

const schema = z.object({
  ...serviceEnvironment('dns'),
  /** Where zones are served over UDP and TCP while `core.dns_address` is not set; empty: nowhere. Taken: tried again. */
  WEFT_DNS_ADDRESS: z
    .string()
    .default('127.0.0.1:5353')
    .refine((address) => address === '' || listenAddress(53)(address) === undefined, 'must be host:port, or empty for nowhere'),
});

export interface DnsConfig extends ServiceConfig {
  dnsAddress: string;
}

export function dnsConfig(env: NodeJS.ProcessEnv = process.env): DnsConfig {
  const parsed = loadConfig(schema, env);
  return { ...serviceConfig(parsed), dnsAddress: parsed.WEFT_DNS_ADDRESS };
}
