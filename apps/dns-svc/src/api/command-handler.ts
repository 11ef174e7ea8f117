import type { dnsCommands, DnsCommandName } from '@weft/contracts';
import type { CommandHandler as Handler, CommandHandlers } from '@weft/service';
import type { Deps } from '../dns.deps';

export type CommandHandler<N extends DnsCommandName> = Handler<Deps, typeof dnsCommands, N>;
export type HandlerMap = CommandHandlers<Deps, typeof dnsCommands>;
