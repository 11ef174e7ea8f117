import type { instanceCommands, InstanceCommandName } from '@weft/contracts';
import type { CommandHandler as Handler, CommandHandlers } from '@weft/service';
import type { Deps } from '../instance.deps';

export type { CommandResult } from '@weft/service';

export type CommandHandler<N extends InstanceCommandName> = Handler<Deps, typeof instanceCommands, N>;
export type HandlerMap = CommandHandlers<Deps, typeof instanceCommands>;
