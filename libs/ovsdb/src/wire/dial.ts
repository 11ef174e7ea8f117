import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { OvsdbDisconnected, OvsdbTimeout } from '../errors';
import type { Endpoint } from './endpoint';

/** What `ssl:` endpoints need, as PEM text. */
export interface TlsFiles {
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Who may have signed the server's certificate. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /**
   * Compare the names in the server's certificate with the host. Default false, as in Open vSwitch's own programs: their PKI signs
   * certificates without host names, the private CA alone says who belongs.
   */
  readonly checkName?: boolean;
}

export interface DialOptions {
  readonly timeoutMs: number;
  readonly tls?: TlsFiles;
  readonly signal?: AbortSignal;
}

/** A connected (and for `ssl:` verified) socket. @throws OvsdbDisconnected with the reason, OvsdbTimeout */
export async function dial(endpoint: Endpoint, { timeoutMs, tls = {}, signal }: DialOptions): Promise<Socket> {
  const socket = open(endpoint, tls);
  const ready = endpoint.kind === 'ssl' ? 'secureConnect' : 'connect';
  const abort = () => socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new OvsdbTimeout(`connect ${endpoint.text}`, timeoutMs)), timeoutMs);
      socket.once(ready, resolve);
      socket.once('error', (cause) => reject(new OvsdbDisconnected(`connect ${endpoint.text}`, 'not-sent', { cause })));
      socket.once('close', () => reject(new OvsdbDisconnected(`connect ${endpoint.text}`, 'not-sent')));
    });
    if (endpoint.kind !== 'unix') socket.setNoDelay(true);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function open(endpoint: Endpoint, tls: TlsFiles): Socket {
  if (endpoint.kind === 'unix') return connectSocket(endpoint.path);
  const { host, port } = endpoint;
  if (endpoint.kind === 'tcp') return connectSocket({ host, port });
  return connectTls({
    host,
    port,
    cert: tls.cert,
    key: tls.key,
    ca: tls.ca as (string | Buffer)[] | undefined,
    ...(isIP(host) === 0 && { servername: host }),
    ...(!tls.checkName && { checkServerIdentity: () => undefined }),
  });
}
