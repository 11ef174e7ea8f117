import { instanceCommands, metaSchema, WeftError, type CommandReply, type InstanceCommandName, type Meta } from '@weft/contracts';
import { ConstraintViolation, isConnectionError, VersionConflict } from '@weft/event-store';
import { currentTraceparent, markFailed, SpanKind, tracing, withSpan, type Span } from '@weft/platform';
import { z } from 'zod';
import { authorizeCommand } from '../commands/authorize';
import type { Deps } from '../instance.deps';
import type { CommandResult, HandlerMap } from './command-handler';
import { countCommand } from '../instance.metrics';
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
    const startedAt = performance.now();
    const reply = await withSpan(`command ${name}`, { traceparent: traceparentOf(message), kind: SpanKind.SERVER }, (span) => this.reply(name, message, span));
    const command = Object.hasOwn(this.handlers, name) ? name : 'unknown';
    countCommand(command, reply.ok ? 'ok' : reply.error.code, (performance.now() - startedAt) / 1_000);
    return reply;
  }

  private async reply(name: string, message: unknown, span: Span): Promise<CommandReply> {
    const { log } = this.deps;
    try {
      const { result, cursor } = await this.dispatch(name, message);
      log.debug({ command: name }, 'command done');
      return { ok: true, result, ...(cursor ? { position: cursor.position } : {}) };
    } catch (error) {
      const named = this.name(error);
      if (named.code === 'internal') log.error({ err: error, command: name }, 'command failed');
      else log.debug({ command: name, code: named.code }, 'command refused');
      span.setAttribute('weft.error', named.code);
      if (named.code === 'internal') markFailed(span);
      return { ok: false, error: named.toWire() };
    }
  }

  private async dispatch(name: string, message: unknown): Promise<CommandResult> {
    const handler = this.handlers[name as InstanceCommandName] as AnyHandler | undefined;
    if (!handler) throw new WeftError('request.unsupported', `Command ${name} is not supported`);
    const { meta, body } = parse(envelopeSchema, message);
    authorizeCommand(name, meta);
    const parsed = parse(instanceCommands[name as InstanceCommandName].body, body);
    const traceparent = currentTraceparent();
    return handler(this.deps, traceparent ? { ...meta, traceparent } : meta, parsed);
  }

  private name(error: unknown): WeftError {
    if (error instanceof WeftError) return error;
    if (error instanceof ConstraintViolation) return nameConstraint(error);
    if (error instanceof VersionConflict) return new WeftError('concurrency.conflict', 'The object changed meanwhile: try again', { cause: error });
    if (isConnectionError(error)) return new WeftError('service.unavailable', 'The database is not reachable; try again', { cause: error });
    return new WeftError('internal', 'Internal error: see the log of the instance service', { cause: error });
  }
}

/** Before anything is validated: a refusal is in the caller's trace too. A command without one begins one. */
function traceparentOf(message: unknown): string | null {
  const parsed = tracing ? envelopeSchema.safeParse(message) : undefined;
  return parsed?.data?.meta.traceparent ?? null;
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WeftError('request.invalid', `Invalid request: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong'}`);
}
