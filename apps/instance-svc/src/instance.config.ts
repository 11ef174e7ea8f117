import { z } from 'zod';

const environment = z.object({
  WEFT_POSTGRES_URL: z.string().min(1),
  /** Every table, view and event of this service lives here. */
  WEFT_POSTGRES_SCHEMA: z.string().regex(/^[a-z_][a-z0-9_]*$/).default('instance'),
  WEFT_NATS_URL: z.string().min(1).default('nats://127.0.0.1:4222'),
  /** Seconds without a heartbeat after which a member counts as offline. */
  WEFT_MEMBER_OFFLINE_SECONDS: z.coerce.number().positive().default(20),
});

export interface InstanceConfig {
  postgresUrl: string;
  schema: string;
  natsUrl: string;
  memberOfflineMs: number;
}

/** Reads the environment once; a bad value ends the process with a sentence that names it. */
export function loadConfig(env: NodeJS.ProcessEnv): InstanceConfig {
  const parsed = environment.parse(env);
  return {
    postgresUrl: parsed.WEFT_POSTGRES_URL,
    schema: parsed.WEFT_POSTGRES_SCHEMA,
    natsUrl: parsed.WEFT_NATS_URL,
    memberOfflineMs: parsed.WEFT_MEMBER_OFFLINE_SECONDS * 1000,
  };
}
