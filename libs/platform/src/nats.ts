import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { natsServerProblem } from '@weft/contracts';

/**
 * A connection that outlives its broker: it reconnects for ever. `url` is a comma-separated list of
 * `nats://[user:password@]host:port`; the credentials of the first one count for all of them.
 *
 * @throws Error when the server is too old or has no JetStream
 */
export async function connectNats(url: string, name: string, logger: Logger): Promise<NatsConnection> {
  const urls = url.split(',').map((one) => new URL(one.trim()));
  const first = urls[0];
  if (!first) throw new Error('no NATS server is configured');
  const user = decodeURIComponent(first.username);
  // Replies come to a prefix of our own, which is all of the inboxes that the server lets this user read.
  const nc = await connect({
    servers: urls.map((one) => one.host),
    name,
    ...(first.username ? { user, pass: decodeURIComponent(first.password), inboxPrefix: `_INBOX.${user}` } : {}),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    waitOnFirstConnect: true,
    pingInterval: 5_000,
    maxPingOut: 3,
    noEcho: false,
    // Otherwise each request makes an error beforehand, with its stack, in case it fails.
    noAsyncTraces: true,
  });
  const problem = nc.info && natsServerProblem(nc.info);
  if (problem) {
    await nc.close();
    throw new Error(problem);
  }
  void watch(nc, logger);
  return nc;
}

async function watch(nc: NatsConnection, logger: Logger): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === 'disconnect' || status.type === 'reconnect') logger.warn({ event: status.type }, 'nats connection changed');
    else if (status.type === 'error') logger.error({ err: status.error }, 'nats error');
  }
}
