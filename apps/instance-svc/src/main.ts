import { createLogger, connectNats, markReady, onShutdown, serveMetrics } from '@weft/platform';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { CommandServer } from './api/command-server';
import { nestLogger } from './api/nest-logger';
import { compose } from './composition';
import { instanceConfig } from './instance.config';
import { InstanceModule } from './instance.module';

const SERVICE = 'instance-svc';

async function main(): Promise<void> {
  const logger = createLogger(SERVICE);
  const config = instanceConfig();
  const running = await compose(config, logger);
  const commands = new CommandServer(await connectNats(config.natsUrl, `${SERVICE}-commands`, logger), SERVICE);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(InstanceModule.forDeps(running.deps), {
    strategy: commands,
    logger: nestLogger(logger),
  });
  await app.listen();
  await serveMetrics(config.metricsAddress);
  onShutdown(logger, async () => {
    await app.close();
    await running.close();
  });
  markReady(config.readyFile);
  logger.info('serving');
}

void main();
