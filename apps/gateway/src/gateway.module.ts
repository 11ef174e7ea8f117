/** Composition root: the only file that names adapters. */
import 'reflect-metadata';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { connectNats, type Logger } from '@weft/platform';
import { createCommandClient } from './clients/command.client';
import { createEventHub } from './clients/event.hub';
import { createMemberWatch } from './clients/member.watch';
import { createReadClient } from './clients/read.client';
import { createTrustStore } from './clients/trust.client';
import type { GatewayConfig } from './gateway.config';
import type { Deps } from './gateway.deps';
import { loadSessionKey } from './http/secrets';
import { loadServerCertificate } from './http/server-certificate';

export const DEPS = Symbol('gateway dependencies');

/** Connections per lane: they are pipelined, so a few carry everything. */
const LANES = { point: 2, list: 3 } as const;

@Module({})
export class GatewayModule implements OnApplicationShutdown {
  constructor(@Inject(DEPS) private readonly deps: Deps) {}

  static forRoot(config: GatewayConfig, logger: Logger): DynamicModule {
    return { module: GatewayModule, providers: [{ provide: DEPS, useFactory: () => compose(config, logger) }] };
  }

  /** After the listeners are closed (gateway.server.ts): nobody uses the connections any more. */
  async onApplicationShutdown(): Promise<void> {
    this.deps.hub.close();
    this.deps.members.close();
    await this.deps.reads.close();
    await this.deps.nc.drain();
  }
}

async function compose(config: GatewayConfig, logger: Logger): Promise<Deps> {
  const certificate = await loadServerCertificate(config.secretsDir);
  const sessionKey = await loadSessionKey(config.secretsDir);
  const nc = await connectNats(config.natsUrl, 'weft-gateway', logger);
  const reads = createReadClient(config.postgresUrl, LANES, logger);
  const trust = createTrustStore(reads);
  const hub = createEventHub(nc, reads, () => trust.forget(), logger);
  return {
    config,
    nc,
    reads,
    trust,
    hub,
    commands: createCommandClient(nc, config.commandPatienceMs),
    members: createMemberWatch(nc),
    certificate,
    sessionKey,
    logger,
  };
}
