/** The few HTTP calls that a benchmark makes itself: keep-alive, over the unix socket or TLS with a client certificate. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { readFileSync } from 'node:fs';
import WebSocket from 'ws';

export interface Endpoint {
  socketPath: string;
  httpsPort: number;
  certFile: string;
  keyFile: string;
}
export type Transport = 'unix' | 'https';

export interface Reply {
  type: string;
  operation: string;
  error: string;
  metadata: Record<string, unknown>;
}

const unixAgent = new HttpAgent({ keepAlive: true, maxSockets: 64 });
let tlsAgent: HttpsAgent | undefined;

export const tlsOptions = (endpoint: Endpoint) => ({ cert: readFileSync(endpoint.certFile), key: readFileSync(endpoint.keyFile), rejectUnauthorized: false });

/** One request; the parsed reply, whatever its status. */
export function call(endpoint: Endpoint, method: string, path: string, body?: unknown, transport: Transport = 'unix'): Promise<Reply> {
  tlsAgent ??= new HttpsAgent({ keepAlive: true, maxSockets: 64, ...tlsOptions(endpoint) });
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {};
  return new Promise((resolve, reject) => {
    const request =
      transport === 'unix'
        ? httpRequest({ socketPath: endpoint.socketPath, method, path, headers, agent: unixAgent })
        : httpsRequest({ host: '127.0.0.1', port: endpoint.httpsPort, method, path, headers, agent: tlsAgent });
    request.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as Reply));
    });
    request.end(payload);
  });
}

/** A request that must succeed; waits for its operation when it has one. */
export async function act(endpoint: Endpoint, method: string, path: string, body?: unknown, transport: Transport = 'unix'): Promise<Reply> {
  const reply = await call(endpoint, method, path, body, transport);
  if (reply.type === 'error') throw new Error(`${method} ${path}: ${reply.error}`);
  if (reply.type !== 'async') return reply;
  const [base, query] = reply.operation.split('?');
  const done = await call(endpoint, 'GET', `${base}/wait?timeout=120${query ? `&${query}` : ''}`, undefined, transport);
  if (done.metadata.status_code !== 200) throw new Error(`${method} ${path}: ${String(done.metadata.err)}`);
  return done;
}

/** Opens the events websocket; `onEvent` gets each message and when it came (ms, performance clock). */
export function listen(
  endpoint: Endpoint,
  transport: Transport,
  onEvent: (event: Reply & { metadata: { action?: string } }, atMs: number) => void,
): Promise<WebSocket> {
  const path = '/1.0/events?type=lifecycle';
  const socket =
    transport === 'unix'
      ? new WebSocket(`ws+unix://${endpoint.socketPath}:${path}`)
      : new WebSocket(`wss://127.0.0.1:${endpoint.httpsPort}${path}`, tlsOptions(endpoint));
  socket.on('message', (data: Buffer) => {
    const at = performance.now();
    onEvent(JSON.parse(data.toString()) as Reply, at);
  });
  return new Promise((resolve, reject) => socket.once('open', () => resolve(socket)).once('error', reject));
}
