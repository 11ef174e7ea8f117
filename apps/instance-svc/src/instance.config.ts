import { join } from 'node:path';
import { loadConfig } from '@weft/platform';
import { serviceConfig, serviceEnvironment, type ServiceConfig } from '@weft/service';
import { z } from 'zod';

const schema = z.object({
  ...serviceEnvironment('instance'),
  /** At the first start: the network of `eth0` in the profile `default`. The network service makes it. */
  WEFT_BOOTSTRAP_NETWORK: z.string().min(1).optional(),
  /** Seconds without a heartbeat after which a member counts as offline. */
  WEFT_MEMBER_OFFLINE_SECONDS: z.coerce.number().positive().default(20),
});

export interface InstanceConfig extends ServiceConfig {
  memberOfflineMs: number;
  /** The directory of the storage pool on each member, as clients see it. */
  poolSource: string;
  bootstrapNetwork?: string;
}

export function instanceConfig(env: NodeJS.ProcessEnv = process.env): InstanceConfig {
  const parsed = loadConfig(schema, env);
  return {
    ...serviceConfig(parsed),
    memberOfflineMs: parsed.WEFT_MEMBER_OFFLINE_SECONDS * 1_000,
    bootstrapNetwork: parsed.WEFT_BOOTSTRAP_NETWORK,
    poolSource: join(parsed.WEFT_DIR, 'members'),
  };
}
