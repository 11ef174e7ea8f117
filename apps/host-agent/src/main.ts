import { createLogger, markReady, onShutdown, serveMetrics } from '@weft/platform';
import { NestFactory } from '@nestjs/core';
import { agentConfig } from './agent.config';
import { AgentModule } from './agent.module';

async function main(): Promise<void> {
  const config = agentConfig();
  // Guests' programs (QEMU, liblxc's monitors) inherit our environment and outlive us: no credentials in it.
  delete process.env.WEFT_NATS_URL;
  delete process.env.WEFT_JOIN_TOKEN;
  const logger = createLogger('host-agent', config.logLevel);
  const app = await NestFactory.createApplicationContext(AgentModule.forConfig(config, logger), { logger: false, abortOnError: false });
  onShutdown(logger, () => app.close());
  await serveMetrics(config.metricsAddress);
  markReady(config.readyFile);
  logger.info({ member: config.member }, 'host agent ready');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
