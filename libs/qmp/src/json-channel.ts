import { connect, type Socket } from 'node:net';
import { QmpDisconnected, QmpError, QmpTimeout } from './errors';
import { JsonLines } from './json-stream';

interface Waiting {
  command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

interface Answer {
  id?: unknown;
  return?: unknown;
  error?: { class: string; desc: string };
}

/**
 * Requests and answers over one unix socket, for QMP and the guest agent alike: `{execute, arguments, id}` is
 * answered by `{return, id}` or `{error, id}`, in order or out of it; anything else goes to `onOther`.
 */
export class JsonChannel {
  private readonly waiting = new Map<number, Waiting>();
  private readonly lines = new JsonLines();
  private lastId = 0;
  private failure: Error | undefined;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  onOther: (message: Record<string, unknown>) => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes: Buffer) => this.receive(bytes));
    socket.on('error', (error) => (this.failure ??= error));
    socket.once('close', () => this.failAll());
  }

  static open(path: string): Promise<JsonChannel> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new JsonChannel(socket));
      });
    });
  }

  /** Sends one command and waits for its answer. `raw` bytes go in front of it (the agent's delimiter). */
  request(command: string, args: object | undefined, timeoutMs: number, raw?: Buffer): Promise<unknown> {
    if (this.socket.destroyed) return Promise.reject(new QmpDisconnected(command, { cause: this.failure }));
    const id = (this.lastId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new QmpTimeout(command, timeoutMs));
      }, timeoutMs);
      this.waiting.set(id, { command, resolve, reject, timer });
      if (raw) this.socket.write(raw);
      this.socket.write(`${JSON.stringify(args ? { execute: command, arguments: args, id } : { execute: command, id })}\n`);
    });
  }

  /** Lets the process end while this connection is open. */
  unref(): void {
    this.socket.unref();
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(bytes: Buffer): void {
    try {
      for (const message of this.lines.push(bytes)) this.dispatch(message as Record<string, unknown> & Answer);
    } catch (error) {
      this.failure = error as Error;
      this.socket.destroy();
    }
  }

  private dispatch(message: Record<string, unknown> & Answer): void {
    const isAnswer = 'return' in message || 'error' in message;
    if (!isAnswer) return this.onOther(message);
    const waiting = this.waiting.get(message.id as number);
    // Late answers to commands that timed out are of no use to anybody.
    if (!waiting) return;
    this.waiting.delete(message.id as number);
    clearTimeout(waiting.timer);
    if (message.error) waiting.reject(new QmpError(waiting.command, message.error.class, message.error.desc));
    else waiting.resolve(message.return);
  }

  private failAll(): void {
    for (const { command, reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new QmpDisconnected(command, { cause: this.failure }));
    }
    this.waiting.clear();
  }
}
