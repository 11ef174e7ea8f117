import type { NatsConnection } from '@nats-io/transport-node';
import { agentSubject, unwrap, WeftError, type AgentRequest, type AgentVerb, type CommandReply } from '@weft/contracts';
import { currentTraceparent } from '@weft/platform';

/** Interactive requests to the agent of a member, answered or timed out. */
export interface AgentClient {
  request<V extends AgentVerb, T = unknown>(member: string, verb: V, body: AgentRequest<V>, timeoutMs?: number): Promise<T>;
}

export function createAgentClient(nats: NatsConnection): AgentClient {
  return {
    async request<V extends AgentVerb, T>(member: string, verb: V, body: AgentRequest<V>, timeoutMs = 10_000): Promise<T> {
      const reply = await nats
        .request(agentSubject(member, verb), JSON.stringify({ meta: { traceparent: currentTraceparent() }, body }), { timeout: timeoutMs })
        .catch((cause: unknown) => {
          throw new WeftError('member.unavailable', `Member ${member} does not answer`, { cause });
        });
      return unwrap(reply.json<CommandReply<T>>());
    },
  };
}
