import { type DynamicModule, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@weft/platform';
import type { Commands } from '../commands/command-router';
import { CommandServer } from './command-server';
import { commandsController } from './commands.controller';
import { nestLogger } from './nest-logger';

/** Nest's part: the command edge. What is behind it, a service puts together in its `composition.ts`. */
@Module({})
class CommandsModule {
  static of(commands: Commands): DynamicModule {
    return { module: CommandsModule, controllers: [commandsController(commands)] };
  }
}

/** Answers commands, in a queue group with the service's other replicas. Owns the connection, and closes it when it is closed. */
export async function serveCommands(service: string, commands: Commands, nats: NatsConnection, log: Logger): Promise<INestMicroservice> {
  const strategy = new CommandServer(nats, service);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(CommandsModule.of(commands), { strategy, logger: nestLogger(log) });
  await app.listen();
  return app;
}
