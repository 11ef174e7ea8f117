import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { CommandRouter } from './api/command-router';
import { CommandsController } from './api/commands.controller';
import { handlers } from './api/handlers';
import type { Deps } from './instance.deps';

/** Nest's part: the command edge. What is behind it is put together in `composition.ts`. */
@Module({})
export class InstanceModule {
  static forDeps(deps: Deps): DynamicModule {
    return {
      module: InstanceModule,
      controllers: [CommandsController],
      providers: [{ provide: CommandRouter, useValue: new CommandRouter(deps, handlers) }],
    };
  }
}
