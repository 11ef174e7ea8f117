import { OvsdbDisconnected, OvsdbTimeout } from '../errors';
import { firstOf, Listeners } from '../listeners';
import type { RpcSession } from '../rpc/rpc-session';

/**
 * A lock of the server (RFC 7047, sections 4.1.8 to 4.1.10). It belongs to a connection: it is lost with it, and asked for again
 * on the next one. `assert` in a transaction is what makes it safe; `owned` only tells whether trying makes sense.
 */
export class OvsdbLock {
  private readonly listeners = new Listeners<boolean>();
  private session: RpcSession | undefined;
  private has = false;

  /** Use `OvsdbClient.lock`. */
  constructor(
    readonly name: string,
    private readonly forget: () => void,
  ) {}

  get owned(): boolean {
    return this.has;
  }

  /** Called with whether the lock is owned, whenever that changes. @returns how to stop listening */
  onChange(listener: (owned: boolean) => void): () => void {
    return this.listeners.add(listener);
  }

  /** Settles when the lock is owned. @throws OvsdbTimeout */
  async acquired(timeoutMs: number): Promise<void> {
    const onTimeout = () => new OvsdbTimeout(`lock ${this.name}`, timeoutMs);
    await firstOf(
      (listener) => this.listeners.add(listener),
      () => this.has || undefined,
      { timeoutMs, onTimeout },
    );
  }

  /** Takes the lock from whoever has it; that client is told. */
  async steal(): Promise<void> {
    const { session } = this;
    if (!session?.isOpen) throw new OvsdbDisconnected('steal', 'not-sent');
    // The server takes no second request for a lock while the first one stands (ovsdb-server(7), section 4.1.9).
    session.request('unlock', [this.name]).catch(() => undefined);
    await session.request('steal', [this.name], { onResult: () => this.set(true) });
  }

  async unlock(): Promise<void> {
    this.forget();
    const { session } = this;
    this.session = undefined;
    this.set(false);
    if (session?.isOpen) await session.request('unlock', [this.name]);
  }

  async start(session: RpcSession, timeoutMs: number): Promise<void> {
    this.session = session;
    const onResult = (result: unknown) => this.set((result as { locked?: unknown } | null)?.locked === true);
    await session.request('lock', [this.name], { timeoutMs, onResult });
  }

  /** `locked` or `stolen` came, or the connection went. */
  set(owned: boolean): void {
    if (this.has === owned) return;
    this.has = owned;
    this.listeners.emit(owned);
  }
}
