/**
 * Takes a task to its one effect.
 *
 *   delivered --> in the journal? --yes--> publish the stored result --> ack
 *                    | no
 *                    v
 *                 running already? --yes--> wait for that run
 *                    | no
 *                    v
 *                 end the waits that it shall not wait for (interruption.ts)
 *                    v
 *                 wait for the instance's turn and a free slot --> run --> journal --> publish the result --> ack
 *                                                                   +-- may pass: deliver again later
 */
import type { TaskProgress, TaskResult } from '@weft/contracts';
import { markFailed, SpanKind, withSpan, type Logger } from '@weft/platform';
import { countTask } from '../agent.metrics';
import { isOutOfSpace } from '../files/disk-full';
import { Serial } from '../files/serial';
import { Slots } from '../files/slots';
import { cancelled, hurries, Hurried, isPoliteStop } from './interruption';
import { instanceOf, serialKey, type HostTask, type Task } from './task';
import { isRetryable, MAX_ATTEMPTS, toWeftError } from './task-failure';
import type { TaskJournal } from './task-journal';

/** `interrupt` ends a wait; what is thrown then is its reason. */
export type TaskHandler = (task: HostTask, progress: (stage: string, text: string) => void, interrupt: AbortSignal) => Promise<Record<string, unknown>>;

export interface TaskRunnerDeps {
  journal: TaskJournal;
  handle: TaskHandler;
  concurrency: number;
  publishProgress(progress: TaskProgress): void;
  /** Called when a task is no longer under way, with its instance if it has one: the world should hear of it. */
  onSettled(instanceId: string | undefined): void;
  logger: Logger;
}

/** `retry`: the failure may pass; the queue shall deliver the task again. */
export type Outcome = { done: true; result: TaskResult } | { done: false };

interface Running {
  task: Task;
  interrupt: AbortController;
  outcome: Promise<Outcome>;
}

export class TaskRunner {
  private readonly running = new Map<string, Running>();
  private readonly busy = new Map<string, number>();
  private readonly serial = new Serial();
  private readonly slots: Slots;

  constructor(private readonly deps: TaskRunnerDeps) {
    this.slots = new Slots(deps.concurrency);
  }

  /** Instances with a task under way or waiting for its turn. */
  isBusy(instanceId: string): boolean {
    return this.busy.has(instanceId);
  }

  /** `attempt` counts from 1. */
  run(task: Task, attempt: number): Promise<Outcome> {
    const present = this.running.get(task.taskId);
    if (present) return present.outcome;
    for (const { task: waiting, interrupt } of this.running.values()) if (hurries(task, waiting)) interrupt.abort(new Hurried());
    const interrupt = new AbortController();
    const outcome = this.begin(task, attempt, interrupt.signal).finally(() => this.running.delete(task.taskId));
    this.running.set(task.taskId, { task, interrupt, outcome });
    return outcome;
  }

  private async begin(task: Task, attempt: number, interrupt: AbortSignal): Promise<Outcome> {
    const stored = await this.deps.journal.find(task.taskId);
    if (stored) return { done: true, result: stored };
    if (task.kind === 'task.cancel') return this.cancel(task.taskId, task.body.taskId);
    const instanceId = instanceOf(task);
    this.occupy(instanceId, 1);
    try {
      const work = () => this.execute(task, attempt, interrupt);
      return await this.serial.run(serialKey(task), () => (isPoliteStop(task) ? work() : this.slots.run(work)));
    } finally {
      this.occupy(instanceId, -1);
      this.deps.onSettled(instanceId);
    }
  }

  private async cancel(taskId: string, target: string): Promise<Outcome> {
    const { journal, logger } = this.deps;
    const present = this.running.get(target);
    present?.interrupt.abort(cancelled());
    await present?.outcome;
    if (!(await journal.find(target))) await this.note({ taskId: target, ok: false, error: cancelled().toWire() });
    logger.info({ taskId: target, underWay: present !== undefined }, 'task taken back');
    return { done: true, result: { taskId, ok: true, result: {} } };
  }

  private execute(task: HostTask, attempt: number, interrupt: AbortSignal): Promise<Outcome> {
    const attributes = { 'weft.task.id': task.taskId, 'weft.task.attempt': attempt };
    return withSpan(`task ${task.kind}`, { traceparent: task.traceparent ?? null, kind: SpanKind.CONSUMER, attributes }, async (span) => {
      const startedAt = performance.now();
      const outcome = await this.handle(task, attempt, interrupt);
      const code = !outcome.done ? 'retried' : outcome.result.ok ? 'ok' : outcome.result.error.code;
      countTask(task.kind, code, (performance.now() - startedAt) / 1_000);
      span.setAttribute('weft.outcome', code);
      if (code !== 'ok') markFailed(span);
      return outcome;
    });
  }

  private async handle(task: HostTask, attempt: number, interrupt: AbortSignal): Promise<Outcome> {
    const { logger } = this.deps;
    const log = logger.child({ taskId: task.taskId, kind: task.kind, instanceId: instanceOf(task) });
    const progress = (stage: string, text: string) => this.deps.publishProgress({ taskId: task.taskId, stage, text });
    let result: TaskResult;
    try {
      result = { taskId: task.taskId, ok: true, result: await this.deps.handle(task, progress, interrupt) };
      log.info('task done');
    } catch (error) {
      if (isRetryable(error) && attempt < MAX_ATTEMPTS) {
        log.warn({ err: error, attempt }, 'task failed, to be tried again');
        return { done: false };
      }
      const failure = toWeftError(error);
      log.warn({ err: error, attempt, code: failure.code }, 'task failed');
      result = { taskId: task.taskId, ok: false, error: failure.toWire() };
    }
    await this.note(result);
    return { done: true, result };
  }

  /** Without room for it, whoever waits shall hear of it all the same: a repeat does it again. */
  private async note(result: TaskResult): Promise<void> {
    await this.deps.journal.record(result).catch((error: unknown) => {
      if (!isOutOfSpace(error)) throw error;
      this.deps.logger.warn({ err: error, taskId: result.taskId }, 'result not kept');
    });
  }

  private occupy(instanceId: string | undefined, by: number): void {
    if (!instanceId) return;
    const count = (this.busy.get(instanceId) ?? 0) + by;
    if (count > 0) this.busy.set(instanceId, count);
    else this.busy.delete(instanceId);
  }
}
