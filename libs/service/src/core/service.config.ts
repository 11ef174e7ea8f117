import { commonEnvironment } from '@weft/platform';
import { z } from 'zod';

const DAY_MS = 24 * 3_600_000;

/** Variables that every service with a log reads; spread them into the service's own schema. `schema` is the default. */
export const serviceEnvironment = (schema: string) => ({
  ...commonEnvironment,
  WEFT_POSTGRES_URL: z.string().min(1),
  /** Every table, view and event of this service lives here. */
  WEFT_POSTGRES_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/)
    .default(schema),
  WEFT_POSTGRES_POOL_SIZE: z.coerce.number().int().min(4).max(200).default(12),
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

export interface ServiceConfig {
  postgresUrl: string;
  schema: string;
  poolSize: number;
  natsUrl: string;
  keep: Keep;
  metricsAddress?: string;
  readyFile?: string;
}

type ServiceVariables = z.infer<z.ZodObject<ReturnType<typeof serviceEnvironment>>>;

/** The part of a service's configuration that its core wants, from the parsed environment. */
export const serviceConfig = (parsed: ServiceVariables): ServiceConfig => ({
  postgresUrl: parsed.WEFT_POSTGRES_URL,
  schema: parsed.WEFT_POSTGRES_SCHEMA,
  poolSize: parsed.WEFT_POSTGRES_POOL_SIZE,
  natsUrl: parsed.WEFT_NATS_URL,
  keep: { commandLogMs: parsed.WEFT_COMMAND_LOG_DAYS * DAY_MS, sagaMs: parsed.WEFT_SAGA_DAYS * DAY_MS },
  metricsAddress: parsed.WEFT_METRICS_ADDRESS,
  readyFile: parsed.WEFT_READY_FILE,
});
