import type { Meta } from '@weft/contracts';
import type { Cursor } from '@weft/event-store';
import type { z } from 'zod';

/**
 * Every command of a service, as `libs/contracts` lists them. `sync` ones reply with their result, `async` ones with
 * the operation that they created. `result` is checked by whoever calls the command from another service.
 */
export type CommandTable = Readonly<Record<string, { readonly kind: 'sync' | 'async'; readonly body: z.ZodType; readonly result?: z.ZodType }>>;

export type CommandName<T extends CommandTable> = keyof T & string;
export type CommandBody<T extends CommandTable, N extends CommandName<T>> = z.infer<T[N]['body']>;
/** What the table says of a command's result; `unknown` when it says nothing. */
export type CommandReturns<T extends CommandTable, N extends CommandName<T>> = T[N] extends { readonly result: infer R extends z.ZodType }
  ? z.infer<R>
  : unknown;

/** What a command gives back: LXD's operation for async ones, any JSON for sync ones, and where the log stood then. */
export interface CommandResult {
  result: unknown;
  cursor?: Cursor;
}

/**
 * One command: gathers facts, decides, appends. The body has passed its schema. Expected failures are `WeftError`s;
 * a `ConstraintViolation` gets its name from the service's table.
 */
export type CommandHandler<D, T extends CommandTable, N extends CommandName<T>> = (deps: D, meta: Meta, body: CommandBody<T, N>) => Promise<CommandResult>;

export type CommandHandlers<D, T extends CommandTable> = { readonly [N in CommandName<T>]?: CommandHandler<D, T, N> };
