import { z } from 'zod';

/**
 * The environment, parsed once. Throws one error that names every wrong variable, so that an operator mends all of
 * them in one go.
 */
export function loadConfig<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv = process.env): z.infer<S> {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(`The environment is not usable:\n${z.prettifyError(parsed.error)}`);
}

/** Variables that every service reads; spread them into the service's own schema. */
export const commonEnvironment = {
  WEFT_DIR: z.string().default('/var/lib/weft'),
  WEFT_NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  WEFT_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  /** Created when the service serves; the launcher waits for it. */
  WEFT_READY_FILE: z.string().optional(),
  /** host:port of /metrics and /healthz; nothing is served when it is unset. */
  WEFT_METRICS_ADDRESS: z.string().optional(),
};
