/**
 * Commands over NATS request/reply. A command id makes a repeat harmless, so a service that is just being replaced is
 * a pause for its callers: nobody listening is tried again until the deadline.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { NoRespondersError, RequestError, TimeoutError, type Msg, type MsgHdrs, type NatsConnection, type Payload } from '@nats-io/transport-node';
import { commandSubject, unwrap, WeftError, type CommandEnvelope, type CommandReply } from '@weft/contracts';

const ATTEMPT_MS = 20_000;
/** A killed service is back within seconds; on a busy machine it takes some more. */
const DEADLINE_MS = 30_000;
const RETRY_MS = 100;

export interface RequestLimits {
  /** After this, silence is not met with a repeat any more; in milliseconds (30,000). */
  deadlineMs?: number;
  signal?: AbortSignal;
}

/**
 * The result of a command of the service of that context.
 * @throws the service's `WeftError`; `service.unavailable` when nobody answers; what the signal was aborted with
 */
export async function requestCommand<R>(
  nats: NatsConnection,
  context: string,
  name: string,
  envelope: CommandEnvelope,
  { deadlineMs = DEADLINE_MS, signal }: RequestLimits = {},
): Promise<R> {
  const payload = JSON.stringify(envelope);
  try {
    const limits = { attemptMs: Math.min(ATTEMPT_MS, deadlineMs), deadlineMs, ...(signal && { signal }) };
    return unwrap((await requestUntilHeard(nats, commandSubject(context, name), payload, limits)).json<CommandReply<R>>());
  } catch (error) {
    if (error instanceof WeftError || signal?.aborted) throw error;
    throw new WeftError('service.unavailable', `The ${context} service does not answer at the moment; try again shortly`, { cause: error });
  }
}

export interface HearingLimits {
  /** How long one attempt waits for its answer. */
  attemptMs: number;
  /** After this, silence is not met with a repeat any more. */
  deadlineMs: number;
  signal?: AbortSignal;
  headers?: MsgHdrs;
}

/**
 * Asks again while nobody answers, and when the connection was lost meanwhile, and maybe the answer with it; for requests
 * that do no harm twice.
 * @throws NATS' error of the last attempt; what the signal was aborted with
 */
export async function requestUntilHeard(
  nats: NatsConnection,
  subject: string,
  payload: Payload,
  { attemptMs, deadlineMs, signal, headers }: HearingLimits,
): Promise<Msg> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await unlessLost(nats, unlessAborted(nats.request(subject, payload, { timeout: attemptMs, ...(headers && { headers }) }), signal));
    } catch (error) {
      if (signal?.aborted || !(isSilence(error) || error instanceof ConnectionLost) || Date.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** Nobody listens (yet): certain that nothing was done. A time-out is repeated as well, because commands have ids. */
const isSilence = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders()) || error instanceof TimeoutError;

/** The connection broke and is there again: an answer that was under way will not come. */
class ConnectionLost extends Error {}

/** Whom to tell of each connection's reconnects. */
const waiting = new WeakMap<NatsConnection, Set<() => void>>();

function waitingOn(nats: NatsConnection): Set<() => void> {
  const known = waiting.get(nats);
  if (known) return known;
  const all = new Set<() => void>();
  waiting.set(nats, all);
  void (async () => {
    for await (const { type } of nats.status()) if (type === 'reconnect') for (const tell of all) tell();
  })();
  return all;
}

async function unlessLost<T>(nats: NatsConnection, work: Promise<T>): Promise<T> {
  const all = waitingOn(nats);
  let tell = (): void => undefined;
  const lost = new Promise<never>((_, reject) => {
    tell = () => reject(new ConnectionLost('the connection to NATS was lost'));
  });
  all.add(tell);
  try {
    return await Promise.race([work, lost]);
  } finally {
    all.delete(tell);
    work.catch(() => undefined);
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
}
