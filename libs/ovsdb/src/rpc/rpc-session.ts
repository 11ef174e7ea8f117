import type { Duplex } from 'node:stream';
import { OvsdbDisconnected, OvsdbProtocolError, OvsdbRequestError, OvsdbTimeout } from '../errors';
import { JsonSplitter } from '../wire/json-splitter';

export interface RpcOptions {
  /** Silence after which the peer is asked for an echo, and after as much again taken for dead. 0: never. Default 5000. */
  readonly probeIntervalMs?: number;
  readonly onNotification?: (method: string, params: readonly unknown[]) => void;
}

export interface RequestOptions {
  /** Default: none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with the result before the next message is looked at, when the order of messages matters. */
  readonly onResult?: (result: unknown) => void;
}

interface Pending {
  readonly method: string;
  readonly params: unknown;
  readonly onResult: ((result: unknown) => void) | undefined;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * JSON-RPC 1.0 in both directions over one connection (RFC 7047, section 4): requests that may be cancelled, notifications, echo
 * asked and answered, and an end when the peer is silent.
 */
export class RpcSession {
  private readonly splitter = new JsonSplitter();
  private readonly pending = new Map<number, Pending>();
  private readonly probe: NodeJS.Timeout | undefined;
  private lastId = 0;
  private probing = false;
  private ended = false;
  private settleClosed!: (reason: Error | undefined) => void;

  /** Settles when the connection is over: with the reason, or undefined when this side closed it. Never rejects. */
  readonly closed = new Promise<Error | undefined>((resolve) => (this.settleClosed = resolve));

  constructor(
    private readonly stream: Duplex,
    private readonly options: RpcOptions = {},
  ) {
    const { probeIntervalMs = 5_000 } = options;
    if (probeIntervalMs > 0) this.probe = setInterval(() => this.onSilence(), probeIntervalMs);
    stream.on('data', (chunk: Buffer) => this.onData(chunk));
    stream.on('error', (error) => this.end(error));
    stream.on('close', () => this.end(new OvsdbDisconnected('session', 'unknown')));
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  /**
   * The result of a request. An abort or a timeout also sends `cancel` (RFC 7047, section 4.1.4), and does not wait for its effect.
   * @throws OvsdbRequestError, OvsdbDisconnected, OvsdbTimeout, or the reason of the signal
   */
  request(method: string, params: unknown, { timeoutMs, signal, onResult }: RequestOptions = {}): Promise<unknown> {
    if (this.ended) return Promise.reject(new OvsdbDisconnected(method, 'not-sent'));
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const giveUp = (error: Error) => {
        this.notify('cancel', [id]);
        this.take(id)?.reject(error);
      };
      const onAbort = () => giveUp(signal?.reason as Error);
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => giveUp(new OvsdbTimeout(method, timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          settle(value);
        };
      };
      this.pending.set(id, { method, params, onResult, resolve: settled(resolve), reject: settled(reject) });
      this.send({ method, params, id });
    });
  }

  notify(method: string, params: readonly unknown[]): void {
    if (!this.ended) this.send({ method, params, id: null });
  }

  /** @param reason what `closed` settles with */
  close(reason?: Error): void {
    this.end(reason);
  }

  private send(message: object): void {
    this.stream.write(JSON.stringify(message));
  }

  private onData(chunk: Buffer): void {
    this.probing = false;
    this.probe?.refresh();
    try {
      for (const message of this.splitter.push(chunk)) this.onMessage(message as Record<string, unknown>);
    } catch (error) {
      this.end(error as Error);
    }
  }

  private onMessage({ id, method, params, result, error }: Record<string, unknown>): void {
    if (this.ended) return;
    if (typeof method === 'string') {
      if (method === 'echo') this.send({ result: params, error: null, id });
      else if (id === null || id === undefined) this.options.onNotification?.(method, Array.isArray(params) ? params : []);
      else this.send({ result: null, error: 'unknown method', id });
      return;
    }
    if (id === null && error !== null) throw new OvsdbProtocolError(`The server could not read what it got: ${JSON.stringify(error)}`);
    const request = typeof id === 'number' ? this.take(id) : undefined;
    if (error !== null && error !== undefined) request?.reject(new OvsdbRequestError(request.method, request.params, error));
    else if (request) deliver(request, result);
  }

  private take(id: number): Pending | undefined {
    const request = this.pending.get(id);
    this.pending.delete(id);
    return request;
  }

  private onSilence(): void {
    if (this.probing) return this.end(new OvsdbTimeout('echo', this.options.probeIntervalMs ?? 5_000));
    this.probing = true;
    this.send({ method: 'echo', params: [], id: 'echo' });
  }

  private end(reason: Error | undefined): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.probe);
    this.stream.destroy();
    for (const { method, reject } of this.pending.values()) reject(new OvsdbDisconnected(method, 'unknown', { cause: reason }));
    this.pending.clear();
    this.settleClosed(reason);
  }
}

/** What the receiver of a result throws fails its request, and not only that: it could not use what the server sent. */
function deliver(request: Pending, result: unknown): void {
  try {
    request.onResult?.(result);
  } catch (error) {
    request.reject(error as Error);
    throw error;
  }
  request.resolve(result);
}
