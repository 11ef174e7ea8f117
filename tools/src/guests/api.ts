import { request } from 'node:http';

interface Reply<T> {
  type: 'sync' | 'async' | 'error';
  error: string;
  metadata: T;
  operation: string;
}

/** One call to the platform's own REST API over its unix socket; resolves to the reply's metadata. */
export const callApi = async <T>(unixSocket: string, method: string, path: string, body?: object): Promise<T> => {
  const reply = await send<T>(unixSocket, method, path, body);
  if (reply.type === 'error') throw new Error(`${method} ${path}: ${reply.error}`);
  if (reply.type !== 'async') return reply.metadata;
  const ended = await send<{ err: string }>(unixSocket, 'GET', waitPath(reply.operation));
  if (ended.type === 'error' || ended.metadata.err) throw new Error(`${method} ${path}: ${ended.error || ended.metadata.err}`);
  return reply.metadata;
};

const waitPath = (operation: string): string => {
  const [path, query] = operation.split('?');
  return `${path}/wait?timeout=60${query ? `&${query}` : ''}`;
};

const send = <T>(socketPath: string, method: string, path: string, body?: object): Promise<Reply<T>> =>
  new Promise((resolve, reject) => {
    const content = body ? JSON.stringify(body) : undefined;
    const headers = content ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) } : {};
    const outgoing = request({ socketPath, method, path, headers, timeout: 90_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()) as Reply<T>);
        } catch (cause) {
          reject(new Error(`${method} ${path}: the answer is no JSON`, { cause }));
        }
      });
    });
    outgoing.once('error', reject);
    outgoing.once('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
    outgoing.end(content);
  });
