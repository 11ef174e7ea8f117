/** Interactive requests to this host: core NATS request/reply, answered with a `CommandReply`. */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { agentRequests, agentSubject, WeftError, type AgentRequest, type AgentVerb, type CommandReply } from '@weft/contracts';
import { markFailed, SpanKind, tracing, withSpan, type Logger } from '@weft/platform';
import { z } from 'zod';
import { countRequest } from '../agent.metrics';
import { toWeftError } from '../tasks/task-failure';

export type RequestHandlers = { [V in AgentVerb]: (body: AgentRequest<V>) => Promise<Record<string, unknown> | object> };

/** A caller may send the bare body, or the envelope that commands have. */
const envelope = z.object({ meta: z.object({ traceparent: z.string().optional() }).loose(), body: z.unknown() });

export interface RequestServer {
  stop(): void;
}

export function serveRequests(nc: NatsConnection, member: string, handlers: RequestHandlers, logger: Logger): RequestServer {
  const prefix = agentSubject(member, '');
  const subscription = nc.subscribe(`${prefix}>`, {
    callback: (error, message) => {
      if (error) logger.error({ err: error }, 'request subscription failed');
      else void answer(message, message.subject.slice(prefix.length), handlers, logger);
    },
  });
  return { stop: () => subscription.unsubscribe() };
}

async function answer(message: Msg, verb: string, handlers: RequestHandlers, logger: Logger): Promise<void> {
  const known = isVerb(verb) ? verb : 'unknown';
  const reply = await withSpan(`agent ${known}`, { traceparent: traceparentOf(message), kind: SpanKind.SERVER }, async (span): Promise<CommandReply> => {
    try {
      return { ok: true, result: await dispatch(message, verb, handlers) };
    } catch (error) {
      const failure = toWeftError(error);
      logger[failure === error ? 'info' : 'error']({ err: error, verb }, 'request refused');
      span.setAttribute('weft.error', failure.code);
      if (failure.code === 'internal') markFailed(span);
      return { ok: false, error: failure.toWire() };
    }
  });
  countRequest(known, reply.ok ? 'ok' : reply.error.code);
  message.respond(JSON.stringify(reply));
}

async function dispatch(message: Msg, verb: string, handlers: RequestHandlers): Promise<unknown> {
  if (!isVerb(verb)) throw new WeftError('request.unsupported', `This host agent does not know "${verb}"`);
  return call(verb, bodyOf(message), handlers);
}

const isVerb = (verb: string): verb is AgentVerb => Object.hasOwn(agentRequests, verb);

function bodyOf(message: Msg): unknown {
  let json: unknown;
  try {
    json = message.json();
  } catch (cause) {
    throw new WeftError('request.invalid', 'The request is not JSON', { cause });
  }
  const wrapped = envelope.safeParse(json);
  return wrapped.success ? wrapped.data.body : json;
}

/** The caller's trace; null begins one. */
function traceparentOf(message: Msg): string | null {
  if (!tracing) return null;
  try {
    const wrapped = envelope.safeParse(message.json());
    return wrapped.data?.meta.traceparent ?? null;
  } catch {
    return null;
  }
}

async function call<V extends AgentVerb>(verb: V, body: unknown, handlers: RequestHandlers): Promise<unknown> {
  const parsed = agentRequests[verb].safeParse(body);
  if (!parsed.success) throw new WeftError('request.invalid', z.prettifyError(parsed.error));
  // The body was parsed by the schema of this very verb.
  return handlers[verb](parsed.data as AgentRequest<V>);
}
