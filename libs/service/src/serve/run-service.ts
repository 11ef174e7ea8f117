import { connectNats, createLogger, markReady, onShutdown, serveMetrics, type Logger } from '@weft/platform';
import type { Commands } from '../commands/command-router';
import type { ServiceConfig } from '../core/service.config';
import { serveCommands } from './serve-commands';

/** A service that works, except that nobody can command it yet. */
export interface ComposedService {
  commands: Commands;
  close(): Promise<void>;
}

export interface ServiceDefinition<C extends ServiceConfig> {
  /** As in `apps/<name>`; also its queue group. */
  name: string;
  /** Reads the environment. @throws Error that names every wrong variable */
  config(): C;
  compose(config: C, log: Logger): Promise<ComposedService>;
}

/** The `main` of a service: composes it, opens it to commands, tells the launcher, and ends in order on a signal. */
export async function runService<C extends ServiceConfig>({ name, config: read, compose }: ServiceDefinition<C>): Promise<void> {
  const log = createLogger(name);
  const config = read();
  const composed = await compose(config, log);
  const app = await serveCommands(name, composed.commands, await connectNats(config.natsUrl, `${name}-commands`, log), log);
  await serveMetrics(config.metricsAddress);
  onShutdown(log, async () => {
    await app.close();
    await composed.close();
  });
  markReady(config.readyFile);
  log.info('serving');
}
