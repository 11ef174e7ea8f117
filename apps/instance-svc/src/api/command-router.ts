import { instanceCommands, metaSchema, WeftError, type CommandReply, type InstanceCommandName, type Meta } from '@weft/contracts';
import { ConstraintViolation, isConnectionError, VersionConflict } from '@weft/event-store';
import { withSpan } from '@weft/platform';
import { z } from 'zod';
import type { Deps } from '../instance.deps';
import type { CommandResult, HandlerMap } from './command-handler';
import { nameConstraint } from './constraints';

const envelopeSchema = z.object({ meta: metaSchema, body: z.unknown() });
type AnyHandler = (deps: Deps, meta: Meta, body: unknown) => Promise<CommandResult>;

/** From an envelope to a reply: validates, finds the handler, names every failure. */
export class CommandRouter {
  constructor(
    private readonly deps: Deps,
    private readonly handlers: HandlerMap,
  ) {}

  async route(name: string, message: unknown): Promise<CommandReply> {
    try {
      const { result, cursor } = await this.dispatch(name, message);
      return { ok: true, result, ...(cursor ? { position: cursor.position } : {}) };
    } catch (error) {
      const named = this.name(error);
      if (named.code === 'internal') this.deps.log.error({ err: error, command: name }, 'command failed');
      return { ok: false, error: named.toWire() };
    }
  }

  private async dispatch(name: string, message: unknown): Promise<CommandResult> {
    const handler = this.handlers[name as InstanceCommandName] as AnyHandler | undefined;
    if (!handler) throw new WeftError('request.unsupported', `Command ${name} is not supported`);
    const { meta, body } = parse(envelopeSchema, message);
    const parsed = parse(instanceCommands[name as InstanceCommandName].body, body);
    return withSpan(`command ${name}`, { traceparent: meta.traceparent, attributes: { 'weft.command': name } }, () => handler(this.deps, meta, parsed));
  }

  private name(error: unknown): WeftError {
    if (error instanceof WeftError) return error;
    if (error instanceof ConstraintViolation) return nameConstraint(error);
    if (error instanceof VersionConflict) return new WeftError('concurrency.conflict', 'The object changed meanwhile: try again', { cause: error });
    if (isConnectionError(error)) return new WeftError('service.unavailable', 'The database is not reachable; try again', { cause: error });
    return new WeftError('internal', 'Internal error: see the log of the instance service', { cause: error });
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WeftError('request.invalid', `Invalid request: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong'}`);
}
