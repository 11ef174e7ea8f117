import { setTimeout as sleep } from 'node:timers/promises';
import { joinSubject, newId, type CommandEnvelope, type CommandReply, type InstanceCommandBody } from '@weft/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@weft/platform';

const REQUEST_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 1_000;
/** Somebody may invite this host later, or have mistyped its name. */
const ASK_AGAIN_REFUSED_MS = 15_000;

export interface JoinDeps {
  nc: NatsConnection;
  member: string;
  architecture: string;
  /** "" for none. */
  token: string;
  logger: Logger;
}

/**
 * Asks to be a member until this host is one. What runs here goes on meanwhile: heartbeats of a host that is no member
 * are ignored, and it gets no orders. The reason of a refusal is logged once.
 */
export async function joinCluster(deps: JoinDeps, signal: AbortSignal): Promise<void> {
  let reason = '';
  while (!signal.aborted) {
    const refusal = await ask(deps);
    if (refusal === undefined) return;
    if (refusal !== reason && refusal !== '') deps.logger.error({ member: deps.member, reason: refusal }, 'this host is no member of the cluster');
    reason = refusal;
    await sleep(refusal === '' ? ASK_AGAIN_MS : ASK_AGAIN_REFUSED_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns undefined when it is a member, "" when nobody has answered, and otherwise why it is not */
async function ask({ nc, member, architecture, token, logger }: JoinDeps): Promise<string | undefined> {
  const id = newId();
  const envelope: CommandEnvelope<InstanceCommandBody<'member.join'>> = {
    meta: {
      actor: { protocol: 'service', username: `host-agent/${member}`, address: '', projects: null },
      project: 'default',
      requestId: id,
      correlationId: id,
      commandId: id,
    },
    body: { member, architecture, token },
  };
  try {
    const reply = (await nc.request(joinSubject(member), JSON.stringify(envelope), { timeout: REQUEST_TIMEOUT_MS })).json<CommandReply>();
    if (reply.ok) return undefined;
    return reply.error.code === 'auth.forbidden' ? reply.error.message : '';
  } catch (error) {
    logger.debug({ err: error }, 'instance service not reached yet');
    return '';
  }
}
