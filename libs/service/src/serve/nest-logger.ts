import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@weft/platform';

/** Nest's own words as structured lines; its start-up chatter is left out. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: () => undefined,
  warn: (message: unknown) => logger.warn({ nest: message }, 'nest warns'),
  error: (message: unknown) => logger.error({ nest: message }, 'nest reports an error'),
  fatal: (message: unknown) => logger.fatal({ nest: message }, 'nest fails'),
});
