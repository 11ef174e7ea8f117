// First: tracing must be in place before `pg` is loaded.
import '@weft/platform';

export type { CommandBody, CommandHandler, CommandHandlers, CommandName, CommandResult, CommandReturns, CommandTable } from './commands/command-types';
export { CommandRouter, type CommandRouterOptions, type Commands } from './commands/command-router';
export { nameConstraint, type ConstraintNames } from './commands/constraints';
export { execute, executeOnce, serviceActor, serviceMeta } from './commands/execute';
export { createServiceClient, type Cause, type ServiceClient } from './client/service-client';
export { grantToGateway, RESOURCE_URL_FUNCTIONS } from './core/read-view.sql';
export { openServiceCore, type Consumption, type ServiceCore, type ServiceCoreOptions } from './core/service-core';
export { serviceConfig, serviceEnvironment, type Keep, type ServiceConfig } from './core/service.config';
export type { SagaInserter } from './core/saga-inserter';
export { createPruning } from './core/pruning';
export { runService, type ComposedService, type ServiceDefinition } from './serve/run-service';
export { serveCommands } from './serve/serve-commands';
export { serviceMetrics, type ServiceMetrics } from './service.metrics';
