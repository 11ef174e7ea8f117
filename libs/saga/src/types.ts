import type { Logger } from 'pino';

/**
 * A saga is a readable table of steps, each action beside its undo.
 *
 *   running --all steps done--> done
 *   running --a step fails before the pivot--> unwinding --all undone--> failed
 *   running --a step fails after the pivot--> retried for ever (only forward), with back-off
 *
 * Intent is written before the effect. A step's command id is derived from saga, step and direction, so a repeat is
 * harmless. A claimed saga has a lease and a fencing epoch; a runner that lost its lease can write nothing more.
 */
export interface SagaDefinition<P extends object, R extends object = Record<string, unknown>> {
  type: string;
  steps: readonly SagaStep<P, R>[];
  /** Last word after success. Runs at least once; must be idempotent (use `ctx.commandId`). */
  succeeded?(ctx: SagaContext<P, R>): Promise<void>;
  /** Last word after everything is undone. Runs at least once; must be idempotent. */
  failed?(ctx: SagaContext<P, R>, error: SagaError): Promise<void>;
}

export interface SagaStep<P extends object, R extends object> {
  name: string;
  /** Returned values are merged into `ctx.results` and stored before the next step. */
  action(ctx: SagaContext<P, R>): Promise<Partial<R> | void>;
  undo?(ctx: SagaContext<P, R>): Promise<void>;
  /** After this step the saga only goes forward. */
  pivot?: boolean;
}

export interface SagaContext<P extends object, R extends object> {
  sagaId: string;
  params: Readonly<P>;
  results: Readonly<Partial<R>>;
  /** Same for every repeat of this step in this direction. */
  commandId: string;
  /** Fencing epoch of the claim. */
  epoch: number;
  /** Aborts when the lease is lost or a cancel was asked for (`signal.reason` is a `SagaCancelled` then). */
  signal: AbortSignal;
  log: Logger;
}

/** Watches sagas, for traces and metrics. What it is given to run it must run once, and give back what that gives. */
export interface SagaObserver {
  /** All that one runner does for a saga, from the claim to its end or until it is given back. */
  saga<T>(saga: ObservedSaga, run: () => Promise<T>): Promise<T>;
  /** One try of an action, an undo or a last word. */
  step<T>(saga: ObservedSaga, step: string, direction: 'action' | 'undo', run: () => Promise<T>): Promise<T>;
  ended(saga: ObservedSaga, outcome: 'done' | 'failed'): void;
}

export interface ObservedSaga {
  id: string;
  type: string;
  params: object;
}

export const unobserved: SagaObserver = { saga: (_saga, run) => run(), step: (_saga, _step, _direction, run) => run(), ended: () => undefined };

export interface SagaError {
  code: string;
  message: string;
  step: string;
}

export class SagaCancelled extends Error {
  constructor() {
    super('Operation cancelled');
    this.name = 'SagaCancelled';
  }
}
