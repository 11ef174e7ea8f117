import type { NatsConnection } from '@nats-io/transport-node';
import { agentSubject, heartbeatSchema, heartbeatSubject, unwrap, WeftError, type AgentRequest, type CommandReply } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import type { HostClient } from '../clients/host.client';

const ANSWER_MS = 5_000;

/** Agents over NATS. It ends with the connection. */
export function createHostClient(nats: NatsConnection, log: Logger): HostClient {
  const boots = new Map<string, string>();
  const listeners: ((member: string) => void)[] = [];
  nats.subscribe(heartbeatSubject('*'), {
    callback: (error, message) => {
      if (error) return log.error({ err: error }, 'heartbeats are not heard');
      const heartbeat = heartbeatSchema.pick({ member: true, bootId: true }).safeParse(message.json());
      if (!heartbeat.success || boots.get(heartbeat.data.member) === heartbeat.data.bootId) return;
      boots.set(heartbeat.data.member, heartbeat.data.bootId);
      for (const listener of listeners) listener(heartbeat.data.member);
    },
  });
  return {
    onStart: (listener) => void listeners.push(listener),
    async configureUplinks(member, uplinks) {
      const body: AgentRequest<'uplinks.configure'> = { uplinks: [...uplinks] };
      const message = await nats.request(agentSubject(member, 'uplinks.configure'), JSON.stringify(body), { timeout: ANSWER_MS }).catch((error: unknown) => {
        log.info({ err: error, member }, 'a member does not answer: it hears of its uplinks when it is back');
      });
      if (!message) return false;
      try {
        unwrap(message.json<CommandReply>());
        return true;
      } catch (error) {
        if (error instanceof WeftError && error.code === 'network.unsupported') return false;
        throw error;
      }
    },
  };
}
