/**
 * Takes one claimed saga as far as it goes: to its end, to a later try, or until the lease is lost.
 *
 *   running   step i fails, pivot not passed -> unwinding from i     (i itself is undone too: a failure does not
 *             step i fails, pivot passed     -> later, same step      prove that nothing happened)
 *             all steps done                 -> succeeded() -> done
 *   unwinding undo fails                     -> later, same undo
 *             all undone                     -> failed() -> failed
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { WeftError, derivedId } from '@weft/contracts';
import { LeaseLost, type ClaimedSaga, type SagaTable } from './saga-table';
import { SagaCancelled, type SagaContext, type SagaDefinition, type SagaError, type SagaObserver, type SagaStep } from './types';

/** A definition with its types erased: a runner keeps many kinds. */
export type AnySaga = SagaDefinition<object, Record<string, unknown>>;
type AnyStep = SagaStep<object, Record<string, unknown>>;
type AnyContext = SagaContext<object, Record<string, unknown>>;

/** The runner stops: let go, whoever comes next repeats the step. */
export class RunnerStopped extends Error {}

export interface RunParts {
  table: SagaTable;
  logger: Logger;
  /** Aborted with `SagaCancelled`: only steps that can still be undone listen to it. */
  cancel: AbortSignal;
  /** Aborted with `LeaseLost` or `RunnerStopped`. */
  leave: AbortSignal;
  /** Pause before the next try of something that may only go on; `attempts` counts from 0. In milliseconds. */
  retryDelayMs(attempts: number): number;
  observer: SagaObserver;
  onStuck?: ((saga: ClaimedSaga, error: SagaError) => void) | undefined;
}

export const CANCELLED: Omit<SagaError, 'step'> = { code: 'operation.cancelled', message: 'Operation cancelled' };

/** Index of the pivot, or of the last step when there is none: up to here a saga can be cancelled. */
export const pivotOf = (definition: AnySaga): number => {
  const pivot = definition.steps.findIndex((step) => step.pivot === true);
  return pivot === -1 ? definition.steps.length - 1 : pivot;
};

const isForwardOnly = (definition: AnySaga, step: number): boolean => definition.steps.slice(0, Math.max(0, step)).some((earlier) => earlier.pivot === true);

/** `ctx.commandId` of that step: whoever takes back what an action ordered can name the order. */
export const stepCommandId = (sagaId: string, step: string, direction: 'action' | 'undo'): string => derivedId(sagaId, step, direction);

export async function runSaga(definition: AnySaga, saga: ClaimedSaga, parts: RunParts): Promise<void> {
  const run = new Run(definition, saga, parts);
  try {
    run.locateStep();
    while (await run.next());
  } catch (error) {
    if (error instanceof LeaseLost || error instanceof RunnerStopped) return;
    throw error;
  }
}

class Run {
  constructor(
    private readonly definition: AnySaga,
    private readonly saga: ClaimedSaga,
    private readonly parts: RunParts,
  ) {}

  /** A new release may have moved steps: their names decide, not their places. */
  locateStep(): void {
    const { stepName, step } = this.saga;
    if (stepName === null || this.definition.steps[step]?.name === stepName) return;
    const found = this.definition.steps.findIndex(({ name }) => name === stepName);
    if (found === -1) throw new Error(`saga ${this.saga.type} has no step ${stepName} any more`);
    this.saga.step = found;
  }

  /** One step or last word. False when there is nothing more to do here. */
  async next(): Promise<boolean> {
    const { saga, definition } = this;
    if (saga.status === 'running') {
      if (this.wantsCancel()) return this.unwind({ ...CANCELLED, step: saga.stepName ?? '' });
      const step = definition.steps[saga.step];
      return step ? this.act(step) : this.lastWord('done', 'succeeded', (ctx) => definition.succeeded?.(ctx));
    }
    const step = definition.steps[saga.step];
    return step ? this.undo(step) : this.lastWord('failed', 'failed', (ctx) => definition.failed?.(ctx, saga.error!));
  }

  private async act(step: AnyStep): Promise<boolean> {
    const { saga } = this;
    let patch: object;
    try {
      patch = (await this.unlessLeaving(this.observed(step.name, 'action', (ctx) => step.action(ctx)))) ?? {};
    } catch (cause) {
      return this.actionFailed(step, cause);
    }
    const done = saga.step;
    saga.results = { ...saga.results, ...patch };
    await this.moveTo('running', done + 1, patch, { step: done, direction: 'action', error: null });
    return true;
  }

  private async actionFailed(step: AnyStep, cause: unknown): Promise<boolean> {
    this.leaveWhenTold();
    const error = this.isCancelled() ? { ...CANCELLED, step: step.name } : sagaError(cause, step.name);
    if (isForwardOnly(this.definition, this.saga.step)) return this.later(error, cause);
    this.parts.logger.info({ sagaId: this.saga.id, saga: this.saga.type, step: step.name, err: cause }, 'saga step failed, unwinding');
    return this.unwind(error);
  }

  private observed<T>(name: string, direction: 'action' | 'undo', work: (ctx: AnyContext) => Promise<T> | undefined): Promise<T | undefined> {
    return this.parts.observer.step(this.saga, name, direction, async () => work(this.context(name, direction)));
  }

  private async undo(step: AnyStep): Promise<boolean> {
    const { saga } = this;
    try {
      await this.unlessLeaving(this.observed(step.name, 'undo', (ctx) => step.undo?.(ctx)));
    } catch (cause) {
      return this.later(sagaError(cause, step.name), cause);
    }
    const undone = saga.step;
    await this.moveTo('unwinding', this.undoableUpTo(undone - 1), {}, { step: undone, direction: 'undo', error: null });
    return true;
  }

  private async lastWord(status: 'done' | 'failed', name: string, word: (ctx: AnyContext) => Promise<void> | undefined): Promise<boolean> {
    try {
      await this.unlessLeaving(this.observed(name, 'action', word));
    } catch (cause) {
      return this.later(sagaError(cause, name), cause);
    }
    await this.persist(() => this.parts.table.finish(this.saga, status));
    this.saga.status = status;
    this.parts.observer.ended(this.saga, status);
    return false;
  }

  private async unwind(error: SagaError): Promise<boolean> {
    const failed = this.saga.step;
    this.saga.error = error;
    await this.moveTo('unwinding', this.undoableUpTo(failed), {}, { step: failed, direction: 'action', error });
    return true;
  }

  private undoableUpTo(step: number): number {
    for (let i = Math.min(step, this.definition.steps.length - 1); i >= 0; i -= 1) if (this.definition.steps[i]!.undo) return i;
    return -1;
  }

  private async moveTo(
    status: 'running' | 'unwinding',
    step: number,
    patch: object,
    ended: { step: number; direction: 'action' | 'undo'; error: SagaError | null },
  ): Promise<void> {
    const { saga } = this;
    const stepName = this.definition.steps[step]?.name;
    const cancel = await this.persist(() => this.parts.table.move(saga, { status, step, stepName, patch, error: saga.error, ended }));
    Object.assign(saga, { status, step, stepName: stepName ?? null, attempts: 0, cancelRequested: cancel });
  }

  private async later(error: SagaError, cause: unknown): Promise<false> {
    this.leaveWhenTold();
    const { saga, parts } = this;
    parts.logger.error(
      { sagaId: saga.id, saga: saga.type, step: error.step, status: saga.status, attempts: saga.attempts + 1, err: cause },
      'saga can only go on but fails, will try again',
    );
    parts.onStuck?.(saga, error);
    await this.persist(() => parts.table.postpone(saga, parts.retryDelayMs(saga.attempts), error));
    return false;
  }

  /** Writes with patience: a database that is away for moments must not turn into a failed saga. */
  private async persist<T>(write: () => Promise<T>): Promise<T> {
    for (let pause = 20; ; pause = Math.min(1_000, pause * 2)) {
      this.leaveWhenTold();
      try {
        return await write();
      } catch (error) {
        if (error instanceof LeaseLost) throw error;
        this.parts.logger.warn({ sagaId: this.saga.id, err: error }, 'saga state not written, trying again');
        await sleep(pause);
      }
    }
  }

  /** Does not wait for work that ignores its signal once the lease is lost or the runner stops. */
  private unlessLeaving<T>(work: Promise<T> | undefined): Promise<T | undefined> {
    const { leave } = this.parts;
    return new Promise<T | undefined>((resolve, reject) => {
      const abandon = (): void => reject(leave.reason as Error);
      leave.addEventListener('abort', abandon, { once: true });
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => leave.removeEventListener('abort', abandon));
      if (leave.aborted) abandon();
    });
  }

  private isCancelled = (): boolean => this.saga.cancelRequested || this.parts.cancel.aborted;

  private wantsCancel(): boolean {
    const { saga, definition } = this;
    return this.isCancelled() && saga.step < definition.steps.length && !isForwardOnly(definition, saga.step);
  }

  private leaveWhenTold(): void {
    if (this.parts.leave.aborted) throw this.parts.leave.reason;
  }

  private context(step: string, direction: 'action' | 'undo'): AnyContext {
    const { saga, parts } = this;
    const cancellable = saga.status === 'running' && saga.step < this.definition.steps.length && !isForwardOnly(this.definition, saga.step);
    return {
      sagaId: saga.id,
      params: saga.params,
      results: saga.results,
      commandId: stepCommandId(saga.id, step, direction),
      epoch: saga.epoch,
      signal: cancellable ? AbortSignal.any([parts.cancel, parts.leave]) : parts.leave,
      log: parts.logger.child({ sagaId: saga.id, saga: saga.type, step }),
    };
  }
}

function sagaError(cause: unknown, step: string): SagaError {
  if (cause instanceof WeftError) return { code: cause.code, message: cause.message, step };
  if (cause instanceof SagaCancelled) return { ...CANCELLED, step };
  return { code: 'internal', message: cause instanceof Error ? cause.message : String(cause), step };
}
