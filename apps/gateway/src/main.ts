import { createLogger, markReady, onShutdown, serveMetrics } from '@weft/platform';
import { loadGatewayConfig } from './gateway.config';
import { startGateway } from './gateway.server';

async function main(): Promise<void> {
  const config = loadGatewayConfig(process.env);
  const logger = createLogger('gateway');
  const gateway = await startGateway(config, logger);
  await serveMetrics(config.metricsAddress, gateway.healthy);
  onShutdown(logger, gateway.close);
  markReady(config.readyFile);
  logger.info({ https: config.https, unixSocket: config.unixSocket }, 'gateway serves');
}

main().catch((error: unknown) => {
  createLogger('gateway').fatal({ err: error }, 'gateway could not start');
  process.exit(1);
});
