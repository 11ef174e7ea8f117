import { NETWORK_CONTEXT, networkCommands } from '@weft/contracts';
import { CommandRouter } from '@weft/service';
import { authorizeCommand } from '../commands/authorize';
import type { Deps } from '../network.deps';
import { constraints } from './constraints';
import { handlers } from './handlers';

export const networkRouter = (deps: Deps): CommandRouter<Deps, typeof networkCommands> =>
  new CommandRouter({ context: NETWORK_CONTEXT, commands: networkCommands, handlers, deps, constraints, authorize: authorizeCommand });
