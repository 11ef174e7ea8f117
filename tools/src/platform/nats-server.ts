import { natsServerProblem, type NatsServerInfo } from '@weft/contracts';
import { connect } from 'node:net';
import { UserError } from '../settings';

const ANSWER_MS = 5_000;

/**
 * Checks a server that somebody else runs, before anything is started on it. A NATS server greets with INFO in plain
 * text, before TLS and before credentials (NATS client protocol). Of a cluster the first server that answers speaks
 * for all.
 *
 * @param urls comma-separated `nats://[user:password@]host:port`
 * @throws UserError: nobody answers, too old, no JetStream
 */
export async function requireNatsServer(urls: string): Promise<void> {
  const hosts = urls.split(',').map((one) => new URL(one.trim()));
  let cause: unknown;
  for (const { hostname, port } of hosts) {
    let info: NatsServerInfo;
    try {
      info = await greeting(hostname.replace(/^\[|\]$/g, ''), Number(port || 4222));
    } catch (error) {
      cause = error;
      continue;
    }
    const problem = natsServerProblem(info);
    if (problem) throw new UserError(`${problem} (${hostname}:${port || 4222}, from WEFT_NATS_URL)`);
    return;
  }
  const names = hosts.map(({ host }) => host).join(', ');
  throw new UserError(`no NATS server answers at ${names} (from WEFT_NATS_URL)`, { cause });
}

const greeting = (host: string, port: number): Promise<NatsServerInfo> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = '';
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(ANSWER_MS, () => fail(new Error('no answer')));
    socket.once('error', fail);
    socket.once('end', () => fail(new Error('closed without a greeting')));
    socket.on('data', (data) => {
      text += data.toString('utf8');
      const line = /^INFO (\{.*\})\s*\r\n/.exec(text)?.[1];
      if (line === undefined && text.length < 65_536 && 'INFO '.startsWith(text.slice(0, 5))) return;
      if (line === undefined) return fail(new Error('this is no NATS server'));
      socket.destroy();
      resolve(JSON.parse(line) as NatsServerInfo);
    });
  });
