import type { InstanceCommandBody, InstanceCommandName, Meta } from '@weft/contracts';
import type { Cursor } from '@weft/event-store';
import type { Deps } from '../instance.deps';

/** What a command gives back: LXD's operation for async ones, any JSON for sync ones, and where the log stood then. */
export interface CommandResult {
  result: unknown;
  cursor?: Cursor;
}

/**
 * One command: gathers facts, decides, appends. The body has passed its schema. Expected failures are `WeftError`s;
 * a `ConstraintViolation` is named in `constraints.ts`.
 */
export type CommandHandler<N extends InstanceCommandName> = (deps: Deps, meta: Meta, body: InstanceCommandBody<N>) => Promise<CommandResult>;

export type HandlerMap = { readonly [N in InstanceCommandName]?: CommandHandler<N> };
