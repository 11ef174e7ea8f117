import { join } from 'node:path';
import { commonEnvironment, loadConfig } from '@weft/platform';
import { z } from 'zod';

const schema = z.object({
  ...commonEnvironment,
  WEFT_POSTGRES_URL: z.string().min(1),
  /** Every table, view and event of this service lives here. */
  WEFT_POSTGRES_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/)
    .default('instance'),
  WEFT_POSTGRES_POOL_SIZE: z.coerce.number().int().min(4).max(200).default(12),
  /** Seconds without a heartbeat after which a member counts as offline. */
  WEFT_MEMBER_OFFLINE_SECONDS: z.coerce.number().positive().default(20),
});

export interface InstanceConfig {
  postgresUrl: string;
  schema: string;
  poolSize: number;
  natsUrl: string;
  memberOfflineMs: number;
  /** The directory of the storage pool on each member, as clients see it. */
  poolSource: string;
  metricsAddress?: string;
  readyFile?: string;
}

export function instanceConfig(env: NodeJS.ProcessEnv = process.env): InstanceConfig {
  const parsed = loadConfig(schema, env);
  return {
    postgresUrl: parsed.WEFT_POSTGRES_URL,
    schema: parsed.WEFT_POSTGRES_SCHEMA,
    poolSize: parsed.WEFT_POSTGRES_POOL_SIZE,
    natsUrl: parsed.WEFT_NATS_URL,
    memberOfflineMs: parsed.WEFT_MEMBER_OFFLINE_SECONDS * 1_000,
    poolSource: join(parsed.WEFT_DIR, 'members'),
    metricsAddress: parsed.WEFT_METRICS_ADDRESS,
    readyFile: parsed.WEFT_READY_FILE,
  };
}
