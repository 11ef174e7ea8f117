/** What the gateway asks of services and hosts. */
import type { NatsConnection } from '@nats-io/transport-node';
import {
  agentSubject,
  INSTANCE_CONTEXT,
  unwrap,
  WeftError,
  type AgentRequest,
  type AgentVerb,
  type CommandReply,
  DNS_CONTEXT,
  type DnsCommandName,
  type InstanceCommandBody,
  type InstanceCommandName,
  type LxdOperation,
  type Meta,
  NETWORK_CONTEXT,
  type NetworkCommandName,
} from '@weft/contracts';
import { requestCommand } from '@weft/platform';

export interface CommandClient {
  /** Result of a synchronous command. Throws the service's `WeftError`, or `service.unavailable`. */
  send<R = unknown>(name: InstanceCommandName, body: unknown, meta: Meta): Promise<R>;
  /** The same for a command of the network service. */
  network<R = unknown>(name: NetworkCommandName, body: unknown, meta: Meta): Promise<R>;
  /** The same for a command of the DNS service. */
  dns<R = unknown>(name: DnsCommandName, body: unknown, meta: Meta): Promise<R>;
  /** The operation that an asynchronous command created. */
  start<N extends InstanceCommandName>(name: N, body: InstanceCommandBody<N>, meta: Meta): Promise<LxdOperation>;
  /** An interactive request to one host. `timeoutMs` bounds the wait. Throws `member.unavailable`. */
  ask<R, V extends AgentVerb>(member: string, verb: V, body: AgentRequest<V>, meta: Meta, timeoutMs?: number): Promise<R>;
}

const AGENT_TIMEOUT_MS = 15_000;

/** `patienceMs`: how long silence of a service is met with a repeat. */
export function createCommandClient(nc: NatsConnection, patienceMs: number): CommandClient {
  const limits = { deadlineMs: patienceMs };
  const send = <R>(name: InstanceCommandName, body: unknown, meta: Meta): Promise<R> => requestCommand<R>(nc, INSTANCE_CONTEXT, name, { meta, body }, limits);
  return {
    send,
    network: <R>(name: NetworkCommandName, body: unknown, meta: Meta): Promise<R> => requestCommand<R>(nc, NETWORK_CONTEXT, name, { meta, body }, limits),
    dns: <R>(name: DnsCommandName, body: unknown, meta: Meta): Promise<R> => requestCommand<R>(nc, DNS_CONTEXT, name, { meta, body }, limits),
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
