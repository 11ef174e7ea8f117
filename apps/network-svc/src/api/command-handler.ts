import type { networkCommands, NetworkCommandName } from '@weft/contracts';
import type { CommandHandler as Handler, CommandHandlers } from '@weft/service';
import type { Deps } from '../network.deps';

export type CommandHandler<N extends NetworkCommandName> = Handler<Deps, typeof networkCommands, N>;
export type HandlerMap = CommandHandlers<Deps, typeof networkCommands>;
