/**
 * Nest frames the process (modules, injection, lifecycle); requests go from the listeners straight to Fastify, where
 * the route table is registered (ADR 0003).
 */
import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from '@weft/platform';
import type { GatewayConfig } from './gateway.config';
import type { Deps } from './gateway.deps';
import { DEPS, GatewayModule } from './gateway.module';
import { createIdentify } from './http/identity';
import { closeServer, listenHttps, listenUnix } from './http/listeners';
import { createObserve } from './http/observe';
import { refuseUrl, registerRoutes } from './http/router';
import { createUpgrades } from './http/upgrade';
import { allRoutes } from './routes';

const SHUTDOWN_GRACE_MS = 3_000;
const MAX_PARAMETER = 4_096;

export interface Gateway {
  /** The port that HTTPS listens on, when it does. */
  httpsPort: number | undefined;
  healthy(): boolean;
  close(): Promise<void>;
}

export async function startGateway(config: GatewayConfig, logger: Logger): Promise<Gateway> {
  const adapter = new FastifyAdapter({
    logger: false,
    exposeHeadRoutes: false,
    frameworkErrors: refuseUrl,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER },
  });
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.forRoot(config, logger), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  const deps = app.get<Deps>(DEPS);
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  const identify = createIdentify(deps.trust);
  registerRoutes(fastify, allRoutes(deps), { identify, observe: createObserve(deps.hub, logger), logger });
  await app.init();
  await fastify.ready();
  const upgrades = createUpgrades(deps, identify);
  const servers: Server[] = [];
  const handler = fastify.routing;
  if (config.unixSocket) servers.push(await listenUnix(config.unixSocket, handler));
  const https = config.https ? await listenHttps(config.https, deps.certificate, handler) : undefined;
  if (https) servers.push(https);
  for (const server of servers) upgrades.attach(server);
  const address = https?.address();
  const httpsPort = typeof address === 'object' && address !== null ? address.port : undefined;
  // Port 0 asks for any free one: what clients are told must be the real one.
  if (config.https && httpsPort !== undefined) config.https.port = httpsPort;
  return {
    httpsPort,
    healthy: () => deps.reads.healthy() && !deps.nc.isClosed(),
    close: async () => {
      upgrades.close();
      await Promise.all(servers.map((server) => closeServer(server, SHUTDOWN_GRACE_MS)));
      await app.close();
    },
  };
}
