import 'reflect-metadata';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@weft/platform';
import { startAgent, type RunningAgent } from './agent';
import type { AgentConfig } from './agent.config';

const AGENT = Symbol('agent');

/** Nest's part: the agent's lifecycle. It serves no HTTP, so it is a standalone application context. */
@Module({})
export class AgentModule implements OnApplicationShutdown {
  constructor(@Inject(AGENT) private readonly agent: RunningAgent) {}

  static forConfig(config: AgentConfig, logger: Logger): DynamicModule {
    return { module: AgentModule, providers: [{ provide: AGENT, useFactory: () => startAgent(config, logger) }] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.stop();
  }
}
