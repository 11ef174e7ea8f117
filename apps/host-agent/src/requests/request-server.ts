/** Interactive requests to this host: core NATS request/reply, answered with a `CommandReply`. */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { agentRequests, agentSubject, WeftError, type AgentRequest, type AgentVerb, type CommandReply } from '@weft/contracts';
import { withSpan, type Logger } from '@weft/platform';
import { z } from 'zod';
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
  let reply: CommandReply;
  try {
    reply = { ok: true, result: await dispatch(message, verb, handlers) };
  } catch (error) {
    const failure = toWeftError(error);
    logger[failure.code === 'internal' ? 'error' : 'info']({ err: error, verb }, 'request refused');
    reply = { ok: false, error: failure.toWire() };
  }
  message.respond(JSON.stringify(reply));
}

async function dispatch(message: Msg, verb: string, handlers: RequestHandlers): Promise<unknown> {
  if (!isVerb(verb)) throw new WeftError('request.unsupported', `This host agent does not know "${verb}"`);
  const { body, traceparent } = open(message);
  return withSpan(`agent ${verb}`, { traceparent }, () => call(verb, body, handlers));
}

const isVerb = (verb: string): verb is AgentVerb => Object.hasOwn(agentRequests, verb);

function open(message: Msg): { body: unknown; traceparent?: string } {
  let json: unknown;
  try {
    json = message.json();
  } catch (cause) {
    throw new WeftError('request.invalid', 'The request is not JSON', { cause });
  }
  const wrapped = envelope.safeParse(json);
  const header = message.headers?.get('traceparent') || undefined;
  return wrapped.success ? { body: wrapped.data.body, traceparent: wrapped.data.meta.traceparent ?? header } : { body: json, traceparent: header };
}

async function call<V extends AgentVerb>(verb: V, body: unknown, handlers: RequestHandlers): Promise<unknown> {
  const parsed = agentRequests[verb].safeParse(body);
  if (!parsed.success) throw new WeftError('request.invalid', z.prettifyError(parsed.error));
  // The body was parsed by the schema of this very verb.
  return handlers[verb](parsed.data as AgentRequest<V>);
}
