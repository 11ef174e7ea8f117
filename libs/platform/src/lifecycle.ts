import { rmSync, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { stopTelemetry } from './telemetry';

/** Tells the launcher that the service serves: creates the file that WEFT_READY_FILE names, with our process id. */
export function markReady(file: string | undefined = process.env.WEFT_READY_FILE): void {
  if (file) writeFileSync(file, String(process.pid));
}

/**
 * Runs `close` once on SIGTERM or SIGINT and exits; a second signal, or ten seconds, ends the process at once.
 * Unexpected rejections are defects: logged, and the process ends so that its supervisor starts a clean one.
 */
export function onShutdown(logger: Logger, close: () => Promise<void>): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    if (process.env.WEFT_READY_FILE) rmSync(process.env.WEFT_READY_FILE, { force: true });
    setTimeout(() => process.exit(1), 10_000).unref();
    close()
      .then(stopTelemetry)
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'stop failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const defect = (error: unknown) => {
    logger.fatal({ err: error }, 'defect');
    process.exit(70);
  };
  process.on('uncaughtException', defect);
  process.on('unhandledRejection', defect);
}
