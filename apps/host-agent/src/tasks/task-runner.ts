/**
 * Takes a task to its one effect.
 *
 *   delivered --> in the journal? --yes--> publish the stored result --> ack
 *                    | no
 *                    v
 *                 running already? --yes--> wait for that run
 *                    | no
 *                    v
 *                 wait for the instance's turn and a free slot --> run --> journal --> publish the result --> ack
 *                                                                   +-- may pass: deliver again later
 */
import type { TaskProgress, TaskResult } from '@weft/contracts';
import { markFailed, SpanKind, withSpan, type Logger } from '@weft/platform';
import { countTask } from '../agent.metrics';
import { Serial } from '../files/serial';
import { Slots } from '../files/slots';
import { instanceOf, serialKey, type Task } from './task';
import { isRetryable, MAX_ATTEMPTS, toWeftError } from './task-failure';
import type { TaskJournal } from './task-journal';

export type TaskHandler = (task: Task, progress: (stage: string, text: string) => void) => Promise<Record<string, unknown>>;

export interface TaskRunnerDeps {
  journal: TaskJournal;
  handle: TaskHandler;
  concurrency: number;
  publishProgress(progress: TaskProgress): void;
  /** Called when an instance is no longer under way: the world should hear of it. */
  onSettled(): void;
  logger: Logger;
}

/** `retry`: the failure may pass; the queue shall deliver the task again. */
export type Outcome = { done: true; result: TaskResult } | { done: false };

export class TaskRunner {
  private readonly running = new Map<string, Promise<Outcome>>();
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
    if (present) return present;
    const run = this.begin(task, attempt).finally(() => this.running.delete(task.taskId));
    this.running.set(task.taskId, run);
    return run;
  }

  private async begin(task: Task, attempt: number): Promise<Outcome> {
    const stored = await this.deps.journal.find(task.taskId);
    if (stored) return { done: true, result: stored };
    const instanceId = instanceOf(task);
    this.occupy(instanceId, 1);
    try {
      return await this.serial.run(serialKey(task), () => this.slots.run(() => this.execute(task, attempt)));
    } finally {
      this.occupy(instanceId, -1);
      this.deps.onSettled();
    }
  }

  private execute(task: Task, attempt: number): Promise<Outcome> {
    const attributes = { 'weft.task.id': task.taskId, 'weft.task.attempt': attempt };
    return withSpan(`task ${task.kind}`, { traceparent: task.traceparent ?? null, kind: SpanKind.CONSUMER, attributes }, async (span) => {
      const startedAt = performance.now();
      const outcome = await this.handle(task, attempt);
      const code = !outcome.done ? 'retried' : outcome.result.ok ? 'ok' : outcome.result.error.code;
      countTask(task.kind, code, (performance.now() - startedAt) / 1_000);
      span.setAttribute('weft.outcome', code);
      if (code !== 'ok') markFailed(span);
      return outcome;
    });
  }

  private async handle(task: Task, attempt: number): Promise<Outcome> {
    const { logger, journal } = this.deps;
    const log = logger.child({ taskId: task.taskId, kind: task.kind, instanceId: instanceOf(task) });
    const progress = (stage: string, text: string) => this.deps.publishProgress({ taskId: task.taskId, stage, text });
    let result: TaskResult;
    try {
      result = { taskId: task.taskId, ok: true, result: await this.deps.handle(task, progress) };
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
    await journal.record(result);
    return { done: true, result };
  }

  private occupy(instanceId: string | undefined, by: number): void {
    if (!instanceId) return;
    const count = (this.busy.get(instanceId) ?? 0) + by;
    if (count > 0) this.busy.set(instanceId, count);
    else this.busy.delete(instanceId);
  }
}
