import { join } from 'node:path';
import { commonEnvironment, loadConfig } from '@weft/platform';
import { z } from 'zod';

const DAY_MS = 24 * 3_600_000;

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
  /** Days for which a repeat of a command still gets the first one's result. */
  WEFT_COMMAND_LOG_DAYS: z.coerce.number().positive().default(7),
  /** Days for which the steps of a saga that has ended can be looked up. */
  WEFT_SAGA_DAYS: z.coerce.number().positive().default(7),
});

/** How long what nobody asks for any more is kept, in milliseconds. */
export interface Keep {
  /** From when it was done: a repeat of the command after that would be executed again. */
  commandLogMs: number;
  /** From a saga's end. */
  sagaMs: number;
}

export interface InstanceConfig {
  postgresUrl: string;
  schema: string;
  poolSize: number;
  natsUrl: string;
  memberOfflineMs: number;
  keep: Keep;
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
    keep: { commandLogMs: parsed.WEFT_COMMAND_LOG_DAYS * DAY_MS, sagaMs: parsed.WEFT_SAGA_DAYS * DAY_MS },
    poolSource: join(parsed.WEFT_DIR, 'members'),
    metricsAddress: parsed.WEFT_METRICS_ADDRESS,
    readyFile: parsed.WEFT_READY_FILE,
  };
}
