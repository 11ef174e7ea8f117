/**
 * Commands over NATS request/reply. A command id makes a repeat harmless, so a service that is just being replaced is
 * a pause for the user: nobody listening is tried again until the deadline, then 503.
 */
import { NoRespondersError, RequestError, TimeoutError, type NatsConnection } from '@nats-io/transport-node';
import {
  agentSubject,
  commandSubject,
  unwrap,
  WeftError,
  type AgentRequest,
  type AgentVerb,
  type CommandReply,
  type InstanceCommandBody,
  type InstanceCommandName,
  type LxdOperation,
  type Meta,
} from '@weft/contracts';

const COMMAND_TIMEOUT_MS = 20_000;
/** A killed service is back within seconds; on a busy machine it takes some more. */
const DEADLINE_MS = 30_000;
const RETRY_MS = 100;

export interface CommandClient {
  /** Result of a synchronous command. Throws the service's `WeftError`, or `service.unavailable`. */
  send<R = unknown>(name: InstanceCommandName, body: unknown, meta: Meta): Promise<R>;
  /** The operation that an asynchronous command created. */
  start<N extends InstanceCommandName>(name: N, body: InstanceCommandBody<N>, meta: Meta): Promise<LxdOperation>;
  /** An interactive request to one host. `timeoutMs` bounds the wait. Throws `member.unavailable`. */
  ask<R, V extends AgentVerb>(member: string, verb: V, body: AgentRequest<V>, meta: Meta, timeoutMs?: number): Promise<R>;
}

const AGENT_TIMEOUT_MS = 15_000;

export function createCommandClient(nc: NatsConnection): CommandClient {
  const send = async <R>(name: InstanceCommandName, body: unknown, meta: Meta): Promise<R> => {
    const payload = JSON.stringify({ meta, body });
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      try {
        const message = await nc.request(commandSubject('instance', name), payload, { timeout: COMMAND_TIMEOUT_MS });
        return unwrap(message.json<CommandReply<R>>());
      } catch (error) {
        if (error instanceof WeftError) throw error;
        if (!isSilence(error) || Date.now() > deadline) throw unavailable('The instance service does not answer at the moment; try again shortly', error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  return {
    send,
    start: (name, body, meta) => send<LxdOperation>(name, body, meta),
    ask: async <R>(member: string, verb: string, body: unknown, meta: Meta, timeoutMs = AGENT_TIMEOUT_MS): Promise<R> => {
      try {
        const message = await nc.request(agentSubject(member, verb), JSON.stringify({ meta, body }), { timeout: timeoutMs });
        return unwrap(message.json<CommandReply<R>>());
      } catch (error) {
        if (error instanceof WeftError) throw error;
        throw new WeftError('member.unavailable', `Member ${member} does not answer; check that its agent runs`, { cause: error });
      }
    },
  };
}

/** Nobody listens (yet): certain that nothing was done. A time-out is repeated as well, because commands have ids. */
const isSilence = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders()) || error instanceof TimeoutError;

const unavailable = (message: string, cause: unknown): WeftError => new WeftError('service.unavailable', message, { cause });
