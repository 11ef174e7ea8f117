import { pino, type Logger } from 'pino';
import { traceIds } from './telemetry';

export type { Logger } from 'pino';

/** Structured logs on standard output: a constant message plus fields, with the ids of the current trace. */
export function createLogger(service: string, level = process.env.WEFT_LOG_LEVEL ?? 'info'): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: traceIds,
    redact: { paths: ['password', '*.password', 'secret', '*.secret', '*.trust_password'], censor: '[secret]' },
  });
}
