import type { HandlerMap } from './command-handler';

/**
 * Every command of the service. Adding one: a file in `src/commands` that exports a `CommandHandler`, and its line here
 * (its schema is in `libs/contracts/src/commands.ts`). Keep the groups apart: people edit them at the same time.
 */
export const handlers: HandlerMap = {
  // server, certificates

  // projects, profiles

  // images, aliases, storage pools

  // instances, snapshots, operations
};
