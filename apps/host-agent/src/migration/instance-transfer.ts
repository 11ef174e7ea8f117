/** Files of instances over sessions, from the agent that has them to the one that asks. */
import { pipeline } from 'node:stream/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  agentSubject,
  newId,
  unwrap,
  WeftError,
  type AgentRequest,
  type AgentVerb,
  type CommandReply,
  type InstanceSpec,
  type TransferPass,
} from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { openChannel } from '@weft/session';
import type { DriverRegistry } from '../drivers/driver-registry';
import type { Mover } from '../drivers/mover';
import { paced } from '../files/paced';
import type { InstanceStore } from '../instances/instance-store';

const CHANNEL = 'files';
const ANSWER_MS = 10_000;

export interface TransferDeps {
  nc: NatsConnection;
  drivers: DriverRegistry;
  instances: InstanceStore;
  logger: Logger;
}

/** Asks another agent. @throws its WeftError, or member.unavailable */
export async function askAgent<V extends AgentVerb>(nc: NatsConnection, member: string, verb: V, body: AgentRequest<V>): Promise<Record<string, unknown>> {
  const answer = await nc.request(agentSubject(member, verb), JSON.stringify(body), { timeout: ANSWER_MS }).catch((cause: unknown) => {
    throw new WeftError('member.unavailable', `Member ${member} does not answer`, { cause });
  });
  return unwrap(answer.json<CommandReply<Record<string, unknown>>>());
}

/** Answers before it has sent anything; what goes wrong then ends the session. */
export async function sendInstance({ nc, drivers, instances, logger }: TransferDeps, request: AgentRequest<'instance.send'>): Promise<object> {
  const { instanceId, sessionId, pass, bytesPerSecond = 0 } = request;
  const spec = await instances.spec(instanceId);
  if (!spec) throw new WeftError('instance.not-found', 'The instance is not on this host');
  const archive = await drivers.require(spec.type).mover.send(instanceId, pass);
  const channel = openChannel(nc, { sessionId, channel: CHANNEL, side: 'server' });
  // The other side writes nothing; reading on lets its EOF arrive.
  channel.resume();
  void pipeline(archive.stream, paced(bytesPerSecond), channel, { end: false })
    .then(() => archive.done)
    .then(
      () => void channel.end(),
      (error: unknown) => {
        logger.info({ err: error, instanceId, pass }, 'files of an instance not sent');
        channel.abort(error instanceof Error ? error.message : String(error));
      },
    );
  return {};
}

export interface Transfer {
  from: string;
  pass: TransferPass;
  bytesPerSecond?: number | undefined;
  interrupt?: AbortSignal;
}

/** Gets an instance's files from a member and gives them to `mover`. @throws WeftError task.failed when it is interrupted */
export async function fetchInstance({ nc }: Pick<TransferDeps, 'nc'>, mover: Mover, spec: InstanceSpec, transfer: Transfer): Promise<void> {
  const { from, pass, bytesPerSecond, interrupt } = transfer;
  const sessionId = newId();
  await askAgent(nc, from, 'instance.send', { instanceId: spec.id, sessionId, pass, bytesPerSecond });
  const channel = openChannel(nc, { sessionId, channel: CHANNEL, side: 'client' });
  channel.end();
  const giveUp = (): void => void channel.destroy(new Error('the transfer was ended'));
  interrupt?.addEventListener('abort', giveUp, { once: true });
  try {
    await mover.receive(spec, pass, channel);
  } catch (error) {
    if (interrupt?.aborted) throw new WeftError('task.failed', 'The move was ended meanwhile', { cause: error });
    throw error;
  } finally {
    interrupt?.removeEventListener('abort', giveUp);
    channel.destroy();
  }
}
