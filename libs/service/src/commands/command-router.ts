import { metaSchema, WeftError, type CommandReply, type Meta } from '@weft/contracts';
import { ConstraintViolation, isConnectionError, VersionConflict } from '@weft/event-store';
import { currentTraceparent, markFailed, SpanKind, tracing, withSpan, type Logger, type Span } from '@weft/platform';
import { z } from 'zod';
import { serviceMetrics, type ServiceMetrics } from '../service.metrics';
import type { CommandHandlers, CommandName, CommandResult, CommandTable } from './command-types';
import { nameConstraint, type ConstraintNames } from './constraints';

const envelopeSchema = z.object({ meta: metaSchema, body: z.unknown() });
type AnyHandler<D> = (deps: D, meta: Meta, body: unknown) => Promise<CommandResult>;

export interface CommandRouterOptions<D extends { log: Logger }, T extends CommandTable> {
  /** Subjects are `weft.cmd.<context>.<name>`, metrics `weft_<context>_...`. */
  context: string;
  commands: T;
  handlers: CommandHandlers<D, T>;
  deps: D;
  constraints?: ConstraintNames;
  /** Before the body is looked at. @throws WeftError `auth.forbidden` */
  authorize?(name: string, meta: Meta): void;
  /** Commands that agents send: on `<subject>.<member>`, which NATS has checked. That member is the actor, whatever the message says. */
  fromMembers?: readonly CommandName<T>[];
}

/** What the edge needs of a router, whatever its commands are. */
export type Commands = Pick<CommandRouter<{ log: Logger }, CommandTable>, 'context' | 'names' | 'fromMembers' | 'route'>;

/** From an envelope to a reply: validates, finds the handler, names every failure. Never throws. */
export class CommandRouter<D extends { log: Logger }, T extends CommandTable> {
  readonly context: string;
  readonly names: readonly string[];
  readonly fromMembers: readonly string[];
  private readonly metrics: ServiceMetrics;

  constructor(private readonly options: CommandRouterOptions<D, T>) {
    this.context = options.context;
    this.names = Object.keys(options.commands);
    this.fromMembers = options.fromMembers ?? [];
    this.metrics = serviceMetrics(options.context);
  }

  async route(name: string, message: unknown): Promise<CommandReply> {
    const startedAt = performance.now();
    const reply = await withSpan(`command ${name}`, { traceparent: traceparentOf(message), kind: SpanKind.SERVER }, (span) => this.reply(name, message, span));
    const command = Object.hasOwn(this.options.handlers, name) ? name : 'unknown';
    this.metrics.countCommand(command, reply.ok ? 'ok' : reply.error.code, (performance.now() - startedAt) / 1_000);
    return reply;
  }

  private async reply(name: string, message: unknown, span: Span): Promise<CommandReply> {
    const { log } = this.options.deps;
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
    const { handlers, commands, deps, authorize } = this.options;
    const handler = Object.hasOwn(handlers, name) ? (handlers[name] as AnyHandler<D> | undefined) : undefined;
    const command = commands[name];
    if (!handler || !command) throw new WeftError('request.unsupported', `Command ${name} is not supported`);
    const { meta, body } = parse(envelopeSchema, message);
    authorize?.(name, meta);
    const parsed = parse(command.body, body);
    const traceparent = currentTraceparent();
    return handler(deps, traceparent ? { ...meta, traceparent } : meta, parsed);
  }

  private name(error: unknown): WeftError {
    if (error instanceof WeftError) return error;
    if (error instanceof ConstraintViolation) return nameConstraint(this.options.constraints ?? {}, error);
    if (error instanceof VersionConflict) return new WeftError('concurrency.conflict', 'The object changed meanwhile: try again', { cause: error });
    if (isConnectionError(error)) return new WeftError('service.unavailable', 'The database is not reachable; try again', { cause: error });
    return new WeftError('internal', `Internal error: see the log of the ${this.context} service`, { cause: error });
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
