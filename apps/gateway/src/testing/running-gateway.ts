/** A gateway with a real Postgres and a real NATS, a stub behind it, and ways to talk to it: for the int specs. */
import { execFile } from 'node:child_process';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { createLogger } from '@weft/platform';
import { scratchDir, startNats, startPostgres } from '@weft/testing';
import { startGateway } from '../gateway.server';
import { createStubDatabase, startStubService, type StubDatabase, type StubService } from './stub-instance-svc';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as an LXD envelope. */
  json: { type: string; error: string; error_code: number; metadata: unknown; operation: string };
}

export interface RunningGateway {
  dir: string;
  socket: string;
  port: number;
  db: StubDatabase;
  nc: NatsConnection;
  service: StubService;
  nats: Awaited<ReturnType<typeof startNats>>;
  postgres: Awaited<ReturnType<typeof startPostgres>>;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The stock client, with a home of its own. */
  lxc(args: string[], input?: string): Promise<{ code: number; stdout: string; stderr: string }>;
  stop(): Promise<void>;
}

export async function startRunningGateway(): Promise<RunningGateway> {
  const scratch = await scratchDir();
  const dir = scratch.path;
  const [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  const db = await createStubDatabase(postgres.url);
  const nc = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const service = startStubService(nc);
  const socket = join(dir, 'unix.socket');
  const gateway = await startGateway(
    {
      postgresUrl: postgres.url,
      natsUrl: nats.url,
      https: { host: '127.0.0.1', port: 0 },
      unixSocket: socket,
      secretsDir: join(dir, 'secrets'),
      serverName: 'test',
      commandPatienceMs: 4_000,
      metricsAddress: undefined,
      readyFile: undefined,
    },
    createLogger('gateway', process.env.WEFT_LOG_LEVEL ?? 'fatal'),
  );
  await mkdir(join(dir, 'home'));
  return {
    dir,
    socket,
    port: gateway.httpsPort ?? 0,
    db,
    nc,
    service,
    nats,
    postgres,
    call: (method, path, body, headers) => call(socket, method, path, body, headers),
    lxc: (args, input) => lxc(dir, args, input),
    stop: async () => {
      await gateway.close();
      await nc.close();
      await db.close();
      await Promise.all([postgres.stop(), nats.stop()]);
      await scratch.remove();
    },
  };
}

/** `body`: text and bytes go as they are, anything else as JSON. */
function call(socketPath: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: text.startsWith('{') ? (JSON.parse(text) as Answer['json']) : ({} as Answer['json']),
        });
      });
    });
    request.on('error', reject);
    request.end(body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}

function lxc(dir: string, args: string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, LXD_DIR: dir, HOME: join(dir, 'home'), LXD_CONF: join(dir, 'home') };
    const child = execFile('lxc', args, { env, timeout: 30_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
