/**
 * Runs sagas: claims what is due, keeps leases alive, starts fresh ones at once.
 *
 * A saga that this process inserts is born with this process's claim on it, and its first step's intent is part of
 * the insert: after the commit it begins from memory. A saga of N steps so costs N + 1 transactions of its own.
 */
import type { ClientBase, Pool } from 'pg';
import type { Logger } from 'pino';
import { newId } from '@weft/contracts';
import { RunnerStopped, pivotOf, runSaga, type AnySaga } from './run-saga';
import { LeaseLost, sagaTable, type ClaimedSaga, type StuckSaga } from './saga-table';
import { SagaCancelled, unobserved, type SagaDefinition, type SagaError, type SagaObserver } from './types';

export interface SagaRunnerOptions {
  pool: Pool;
  /** Schema with the saga tables: the service's own. */
  schema: string;
  definitions: readonly AnySaga[];
  /** Who runs, for people who look; made unique per process. */
  owner: string;
  logger: Logger;
  /** How long a dead runner's sagas wait for another one, in milliseconds (15,000). */
  leaseMs?: number;
  /** Sagas under way at once (64). */
  limit?: number;
  /** How often due sagas are looked for, in milliseconds (1,000). */
  pollMs?: number;
  /** Pause before a repeat of what may only go on, in milliseconds (0.2 s doubling up to 30 s). */
  retryDelayMs?(attempts: number): number;
  observer?: SagaObserver;
  onStuck?(saga: { id: string; type: string }, error: SagaError): void;
}

export interface SagaRunner {
  /** Stores a saga inside the caller's transaction; a second insert of an id does nothing. Call `wake(id)` after the commit. */
  insert(client: ClientBase, saga: { id: string; type: string; params: object }): Promise<void>;
  start(): void;
  /** Gives everything back at once: steps under way are told (`signal`) and not waited for. */
  stop(): Promise<void>;
  /** Begins the saga that was just committed; without an id, whatever is due. */
  wake(id?: string): void;
  /** True when the saga will be unwound; false when it is past its pivot, over or unknown. */
  cancel(sagaId: string): Promise<boolean>;
  /** Sagas that keep failing where they may only go on. */
  stuck(): Promise<StuckSaga[]>;
}

interface Held {
  saga: ClaimedSaga;
  /** Tells the step under way that somebody wants to cancel. */
  cancel: AbortController;
  /** Tells everything to let go: lease lost or runner stopped. */
  leave: AbortController;
  /** `performance.now()` at which the lease ends for certain. */
  leaseEnds: number;
  started: boolean;
}

/** Erases the types of a definition so that a runner can hold many kinds. */
export const defineSaga = <P extends object, R extends object>(definition: SagaDefinition<P, R>): AnySaga => definition as unknown as AnySaga;

const FORGET_UNCOMMITTED_MS = 60_000;

export const createSagaRunner = (options: SagaRunnerOptions): SagaRunner => new Runner(options);

class Runner implements SagaRunner {
  private readonly leaseMs: number;
  private readonly limit: number;
  private readonly table;
  private readonly definitions: Map<string, AnySaga>;
  private readonly held = new Map<string, Held>();
  private readonly fresh = new Map<string, { saga: ClaimedSaga; since: number }>();
  private running = false;
  private activeRuns = 0;
  private polling: Promise<void> | undefined;
  private pollAgain = false;
  private timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: SagaRunnerOptions) {
    this.leaseMs = options.leaseMs ?? 15_000;
    this.limit = options.limit ?? 64;
    this.table = sagaTable(options.pool, options.schema, `${options.owner}/${newId()}`, this.leaseMs);
    this.definitions = new Map(options.definitions.map((definition) => [definition.type, definition]));
  }

  async insert(client: ClientBase, { id, type, params }: { id: string; type: string; params: object }): Promise<void> {
    const definition = this.definitions.get(type);
    if (!definition) throw new Error(`unknown saga ${type}`);
    const stepName = definition.steps[0]?.name;
    const claim = this.running;
    const isNew = await this.table.insert(client, { id, type, params, stepName }, claim);
    if (!claim || !isNew) return;
    const saga: ClaimedSaga = {
      id,
      type,
      stepName: stepName ?? null,
      params: JSON.parse(JSON.stringify(params)) as object,
      results: {},
      status: 'running',
      step: 0,
      error: null,
      cancelRequested: false,
      attempts: 0,
      epoch: 1,
    };
    this.fresh.set(id, { saga, since: performance.now() });
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    const every = (ms: number, work: () => void): NodeJS.Timeout => setInterval(work, ms);
    this.timers = [every(this.options.pollMs ?? 1_000, () => this.poll()), every(Math.min(1_000, this.leaseMs / 3), () => void this.renew())];
    this.poll();
  }

  async stop(): Promise<void> {
    this.running = false;
    for (const timer of this.timers) clearInterval(timer);
    await this.polling;
    const held = [...this.held.values()];
    for (const { leave } of held) leave.abort(new RunnerStopped());
    this.held.clear();
    this.fresh.clear();
    if (held.length > 0)
      await this.table
        .release(held.map(({ saga }) => saga))
        .catch((error: unknown) => this.options.logger.warn({ err: error }, 'sagas not given back, their leases will end'));
  }

  wake(id?: string): void {
    if (!this.running) return;
    const fresh = id === undefined ? undefined : this.fresh.get(id);
    if (fresh) this.hold(fresh.saga, fresh.since);
    else this.poll();
  }

  async cancel(sagaId: string): Promise<boolean> {
    const pivots = Object.fromEntries([...this.definitions].map(([type, definition]) => [type, pivotOf(definition)]));
    const accepted = await this.table.requestCancel(sagaId, pivots);
    if (accepted) {
      this.held.get(sagaId)?.cancel.abort(new SagaCancelled());
      this.poll();
    }
    return accepted;
  }

  stuck(): Promise<StuckSaga[]> {
    return this.table.stuck();
  }

  /** Looks for due sagas; a wish that comes while looking leads to another look. */
  private poll(): void {
    if (!this.running) return;
    if (this.polling) {
      this.pollAgain = true;
      return;
    }
    this.polling = this.claimDue()
      .catch((error: unknown) => this.options.logger.warn({ err: error }, 'could not look for due sagas'))
      .finally(() => {
        this.polling = undefined;
        if (this.pollAgain) {
          this.pollAgain = false;
          this.poll();
        }
      });
  }

  private async claimDue(): Promise<void> {
    const asked = performance.now();
    if (this.fresh.size > 0) await this.adoptInserted();
    const free = this.limit - this.held.size;
    if (free <= 0) return;
    for (const saga of await this.table.claim([...this.definitions.keys()], free)) this.hold(saga, asked);
  }

  private async adoptInserted(): Promise<void> {
    const asked = performance.now();
    const committed = await this.table.inserted([...this.fresh.keys()]);
    for (const { id } of committed) {
      const fresh = this.fresh.get(id);
      if (fresh) this.hold(fresh.saga, fresh.since);
    }
    for (const [id, { since }] of this.fresh) if (asked - since > FORGET_UNCOMMITTED_MS) this.fresh.delete(id);
  }

  private hold(saga: ClaimedSaga, since: number): void {
    this.fresh.delete(saga.id);
    if (!this.running || this.held.has(saga.id)) return;
    this.held.set(saga.id, { saga, cancel: new AbortController(), leave: new AbortController(), leaseEnds: since + this.leaseMs, started: false });
    this.startWaiting();
  }

  private startWaiting(): void {
    if (this.activeRuns >= this.limit) return;
    for (const held of this.held.values()) {
      if (this.activeRuns >= this.limit) return;
      if (!held.started) void this.run(held);
    }
  }

  private async run(held: Held): Promise<void> {
    held.started = true;
    this.activeRuns += 1;
    const { saga, cancel, leave } = held;
    const retryDelayMs = (attempts: number): number => this.options.retryDelayMs?.(attempts) ?? Math.min(30_000, 200 * 2 ** attempts);
    try {
      const { logger, onStuck, observer = unobserved } = this.options;
      const parts = { table: this.table, logger, observer, cancel: cancel.signal, leave: leave.signal, retryDelayMs, onStuck };
      await observer.saga(saga, () => runSaga(this.definitions.get(saga.type)!, saga, parts));
    } catch (error) {
      this.options.logger.error({ sagaId: saga.id, saga: saga.type, err: error }, 'saga cannot be run, its lease will end');
    } finally {
      this.activeRuns -= 1;
      if (this.held.get(saga.id) === held) this.held.delete(saga.id);
      this.startWaiting();
    }
  }

  /** Extends the leases that are older than a third; tells steps about cancels and lost leases. */
  private async renew(): Promise<void> {
    const asked = performance.now();
    const old = [...this.held.values()].filter(({ leaseEnds }) => leaseEnds - asked < (this.leaseMs * 2) / 3 + 1_000);
    if (old.length === 0) return;
    const kept = await this.table.renew(old.map(({ saga }) => saga)).catch((error: unknown) => {
      this.options.logger.warn({ err: error }, 'leases of sagas not renewed');
      return undefined;
    });
    for (const held of old) {
      const cancel = kept?.get(held.saga.id);
      if (cancel !== undefined) held.leaseEnds = asked + this.leaseMs;
      const lost = kept ? cancel === undefined : performance.now() > held.leaseEnds;
      if (lost && this.held.get(held.saga.id) === held) held.leave.abort(new LeaseLost());
      else if (cancel) held.cancel.abort(new SagaCancelled());
    }
  }
}
