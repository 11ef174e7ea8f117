import { INSTANCE_CONTEXT, instanceCommands } from '@weft/contracts';
import { CommandRouter } from '@weft/service';
import { authorizeCommand } from '../commands/authorize';
import type { Deps } from '../instance.deps';
import { constraints } from './constraints';
import { handlers } from './handlers';

/** The service's command edge: what NATS brings goes through here. */
export const instanceRouter = (deps: Deps): CommandRouter<Deps, typeof instanceCommands> =>
  new CommandRouter({
    context: INSTANCE_CONTEXT,
    commands: instanceCommands,
    handlers,
    deps,
    constraints,
    authorize: authorizeCommand,
    fromMembers: ['operation.finish', 'member.join'],
  });
