import { setTimeout as sleep } from 'node:timers/promises';
import type { QmpEvent } from './commands';
import { QmpClient, type QmpOptions } from './qmp-client';

export interface QmpLinkHandlers {
  onEvent?(event: QmpEvent): void;
  /** Connected (again). Events in between were lost: look at the state. */
  onUp?(client: QmpClient): void;
  /** The connection is lost; return false to end the link, true to connect again. Called after failed attempts too. */
  onDown(): boolean | Promise<boolean>;
}

/** Waits between attempts, milliseconds. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 2_000;

/**
 * Keeps a connection to one QEMU's monitor for as long as `onDown` wants it; waits longer after each failure.
 * Nothing here keeps the process alive.
 */
export class QmpLink {
  private client: QmpClient | undefined;
  private readonly stop = new AbortController();
  readonly ended: Promise<void>;

  constructor(
    private readonly path: string,
    private readonly handlers: QmpLinkHandlers,
    private readonly options: QmpOptions = {},
  ) {
    this.ended = this.keep();
  }

  /** The connection, while there is one. Others use it too: commands that take long hold them up. */
  get current(): QmpClient | undefined {
    return this.client;
  }

  close(): void {
    this.stop.abort();
    this.client?.close();
  }

  private async keep(): Promise<void> {
    let wait = FIRST_WAIT;
    while (!this.stop.signal.aborted) {
      if (await this.serveOnce()) wait = FIRST_WAIT;
      if (this.stop.signal.aborted || !(await this.handlers.onDown())) return;
      await sleep(wait, undefined, { ref: false, signal: this.stop.signal }).catch(() => undefined);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  /** Whether a connection came to be; returns when it is gone again. */
  private async serveOnce(): Promise<boolean> {
    const client = await QmpClient.connect(this.path, this.options).catch(() => undefined);
    if (!client) return false;
    this.client = client;
    client.unref();
    if (this.stop.signal.aborted) client.close();
    client.onEvent((event) => this.handlers.onEvent?.(event));
    this.handlers.onUp?.(client);
    await client.closed;
    this.client = undefined;
    return true;
  }
}
