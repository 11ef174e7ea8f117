import type { NatsConnection } from '@nats-io/transport-node';
import { derivedId, WeftError, type Meta } from '@weft/contracts';
import { currentTraceparent, requestCommand } from '@weft/platform';
import type { CommandBody, CommandName, CommandReturns, CommandTable } from '../commands/command-types';
import { serviceActor } from '../commands/execute';

/** Why a service calls another one, and how long it is willing to wait. */
export interface Cause {
  /** Of the command or saga that needs this: project, request and correlation go on with it. */
  meta: Meta;
  /**
   * The same for every repeat of the same call: in a saga, `derivedId(ctx.commandId, <what for>)`. Left out, it is made of
   * the cause's command id and the name, which is enough where a command calls another one once.
   */
  commandId?: string;
  /** For the whole call, repeats included, in milliseconds (30,000). */
  timeoutMs?: number;
  /** A saga's `ctx.signal`: gives the call up. What was sent may still be carried out. */
  signal?: AbortSignal;
}

export interface ServiceClient<T extends CommandTable> {
  /**
   * Sends a command in this service's own name (actor `service`); it is repeated, with the same id, while nobody answers.
   * @throws what the other service refuses with; WeftError `service.unavailable` when nobody answers in time
   */
  call<N extends CommandName<T>>(name: N, body: CommandBody<T, N>, cause: Cause): Promise<CommandReturns<T, N>>;
}

/** Commands of another service. `self` is the caller's name, `context` and `commands` are the other one's. */
export function createServiceClient<T extends CommandTable>(self: string, nats: NatsConnection, context: string, commands: T): ServiceClient<T> {
  return {
    async call<N extends CommandName<T>>(name: N, body: CommandBody<T, N>, { meta, commandId, timeoutMs, signal }: Cause): Promise<CommandReturns<T, N>> {
      const mine: Meta = {
        ...meta,
        actor: serviceActor(self),
        causationId: meta.commandId,
        commandId: commandId ?? derivedId(meta.commandId, `${context}.${name}`),
        traceparent: currentTraceparent() ?? meta.traceparent,
      };
      const result = await requestCommand(nats, context, name, { meta: mine, body }, { deadlineMs: timeoutMs, signal });
      return read(commands, context, name, result);
    },
  };
}

function read<T extends CommandTable, N extends CommandName<T>>(commands: T, context: string, name: N, result: unknown): CommandReturns<T, N> {
  const parsed = commands[name]?.result?.safeParse(result);
  if (!parsed) return result as CommandReturns<T, N>;
  if (!parsed.success) throw new WeftError('internal', `The ${context} service answered ${name} in another shape than agreed`, { cause: parsed.error });
  return parsed.data as CommandReturns<T, N>;
}
