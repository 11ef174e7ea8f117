/**
 * QEMU Machine Protocol (docs/interop/qmp-spec.rst in QEMU's source) over a unix socket.
 *
 *   connect -> greeting {QMP: {version, capabilities}} -> qmp_capabilities -> commands and events
 *
 * A monitor socket serves one client at a time: a second one is accepted, but greeted only when the first has gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { QmpCommands, QmpEvent } from './commands';
import { QmpDisconnected, QmpTimeout } from './errors';
import { JsonChannel } from './json-channel';

export interface QmpOptions {
  /** How long connecting and greeting may take. Default 5,000. */
  connectTimeoutMs?: number;
  /** How long each command may take unless it says otherwise. Default 10,000. */
  timeoutMs?: number;
}

type Arguments<K extends keyof QmpCommands> = QmpCommands[K][0];
type Result<K extends keyof QmpCommands> = QmpCommands[K][1];
/** `undefined` arguments may be left out. */
type Rest<A> = undefined extends A ? [args?: A, options?: { timeoutMs?: number }] : [args: A, options?: { timeoutMs?: number }];

export class QmpClient {
  private readonly listeners = new Set<(event: QmpEvent) => void>();

  private constructor(
    private readonly channel: JsonChannel,
    private readonly timeoutMs: number,
  ) {
    channel.onOther = (message) => this.publish(message);
  }

  /** Connects once. @throws QmpTimeout when nobody greets (another client holds the monitor), or the socket's error */
  static async connect(path: string, options: QmpOptions = {}): Promise<QmpClient> {
    const { connectTimeoutMs = 5_000, timeoutMs = 10_000 } = options;
    const channel = await JsonChannel.open(path);
    try {
      await greeting(channel, connectTimeoutMs);
      await channel.request('qmp_capabilities', undefined, connectTimeoutMs);
    } catch (error) {
      channel.close();
      throw error;
    }
    return new QmpClient(channel, timeoutMs);
  }

  /** @throws QmpError (refused), QmpTimeout, QmpDisconnected */
  async execute<K extends keyof QmpCommands>(command: K, ...[args, options]: Rest<Arguments<K>>): Promise<Result<K>> {
    return (await this.executeAny(command, args, options)) as Result<K>;
  }

  /** A command that `QmpCommands` does not list. */
  executeAny(command: string, args?: object, options: { timeoutMs?: number } = {}): Promise<unknown> {
    return this.channel.request(command, args, options.timeoutMs ?? this.timeoutMs);
  }

  /** Calls `listener` for each event from now on, in order; returns how to stop it. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get closed(): Promise<void> {
    return this.channel.closed;
  }

  unref(): void {
    this.channel.unref();
  }

  close(): void {
    this.channel.close();
  }

  private publish(message: Record<string, unknown>): void {
    if (typeof message.event !== 'string') return;
    const { seconds = 0, microseconds = 0 } = (message.timestamp ?? {}) as { seconds?: number; microseconds?: number };
    const event = { event: message.event, data: (message.data ?? {}) as Record<string, unknown>, at: seconds * 1000 + microseconds / 1000 };
    for (const listener of this.listeners) listener(event);
  }
}

async function greeting(channel: JsonChannel, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const greeted = new Promise<void>((resolve) => {
    channel.onOther = (message) => {
      if ('QMP' in message) resolve();
    };
  });
  try {
    await Promise.race([
      greeted,
      channel.closed.then(() => Promise.reject(new QmpDisconnected('greeting'))),
      sleep(timeoutMs, undefined, { signal: timer.signal }).then(() => Promise.reject(new QmpTimeout('greeting', timeoutMs))),
    ]);
  } finally {
    timer.abort();
  }
}
