/**
 * Durable tasks for host agents, with their outcome.
 *
 *   run(task): listen for weft.task-result.<id> --> publish to WEFT_TASKS --> wait
 *                                                      ^  no result yet: publish again (agents repeat stored results)
 *                                                      +-- 5 s, 10 s, 20 s ... while the member is there
 *
 * One wildcard subscription serves all tasks of the process. Any replica may take a saga over: results go to all.
 */
import { jetstream, jetstreamManager, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  taskProgressSubject,
  taskResultSchema,
  taskResultSubject,
  tasksStreamConfig,
  taskSubject,
  WeftError,
  type AgentTask,
  type TaskKind,
  type TaskProgress,
  type TaskResult,
  type WireError,
} from '@weft/contracts';
import type { Logger } from 'pino';
import type { MemberDirectory } from '../domain/member-directory';

export interface TaskOptions {
  member: string;
  /** Milliseconds from now after which the task counts as failed. */
  timeLimitMs: number;
  signal: AbortSignal;
  onProgress?(progress: TaskProgress): void;
}

export interface TaskDispatcher {
  /** The task's result, or its error as a `WeftError`. Safe to call again with the same task id. */
  run<K extends TaskKind>(task: AgentTask<K>, options: TaskOptions): Promise<Record<string, unknown>>;
  close(): void;
}

interface Waiting {
  resolve(result: TaskResult): void;
  onProgress?(progress: TaskProgress): void;
}

const FIRST_REPEAT_MS = 5_000;
const LAST_REPEAT_MS = 40_000;
/** A member that is away for longer is given up. */
const OFFLINE_GRACE_MS = 30_000;

/** @param copies of the queue in a NATS cluster */
export async function createTaskDispatcher(nats: NatsConnection, copies: number, members: MemberDirectory, log: Logger): Promise<TaskDispatcher> {
  await ensureStream(nats, copies);
  const js = jetstream(nats);
  const waiting = new Map<string, Waiting>();
  const results = nats.subscribe(taskResultSubject('*'), {
    callback: (error, message) => {
      const id = message.subject.slice(taskResultSubject('').length);
      const waiter = error ? undefined : waiting.get(id);
      const parsed = waiter ? taskResultSchema.safeParse(message.json()) : undefined;
      if (parsed?.success) waiter?.resolve(parsed.data);
      else if (parsed) log.warn({ taskId: id, issues: parsed.error.issues }, 'unreadable task result');
    },
  });
  const progress = nats.subscribe(taskProgressSubject('*'), {
    callback: (error, message) => {
      if (!error) waiting.get(message.subject.slice(taskProgressSubject('').length))?.onProgress?.(message.json<TaskProgress>());
    },
  });
  return {
    async run(task, options) {
      const result = await waitFor(js, waiting, members, task, options, log);
      if (!result.ok) throw failureOf(result.error as WireError, task, options.member, log);
      return result.result;
    },
    close() {
      results.unsubscribe();
      progress.unsubscribe();
    },
  };
}

/** A defect of an agent is in the agent's log: that is where its words stay, and where to look for them. */
function failureOf(error: WireError, { taskId, kind }: AgentTask, member: string, log: Logger): WeftError {
  if (error.code !== 'internal') return WeftError.fromWire(error);
  log.error({ taskId, kind, member, error: error.message }, 'a host failed in an unexpected way');
  return new WeftError('task.failed', `Internal error: see the log of the agent of member ${member}`);
}

function waitFor(
  js: JetStreamClient,
  waiting: Map<string, Waiting>,
  members: MemberDirectory,
  task: AgentTask,
  options: TaskOptions,
  log: Logger,
): Promise<TaskResult> {
  const startedAt = Date.now();
  let attempt = 0;
  let timer: NodeJS.Timeout;
  return new Promise<TaskResult>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', abort);
      waiting.delete(task.taskId);
      settle();
    };
    const abort = () => end(() => reject(options.signal.reason as Error));
    const tick = () => {
      const waitedMs = Date.now() - startedAt;
      if (waitedMs >= options.timeLimitMs) return end(() => reject(new WeftError('task.failed', `Member ${options.member} did not finish in time`)));
      if (waitedMs >= OFFLINE_GRACE_MS && !members.get(options.member)?.online) {
        return end(() => reject(new WeftError('member.unavailable', `Member ${options.member} is offline`)));
      }
      publish(js, task, options.member, attempt, log);
      timer = setTimeout(tick, Math.min(FIRST_REPEAT_MS * 2 ** attempt++, LAST_REPEAT_MS, options.timeLimitMs - waitedMs));
    };
    if (options.signal.aborted) return abort();
    options.signal.addEventListener('abort', abort, { once: true });
    waiting.set(task.taskId, { resolve: (result) => end(() => resolve(result)), onProgress: options.onProgress });
    tick();
  });
}

/** The first publish is de-duplicated by the task's id; repeats must pass, because they ask for a stored result. */
function publish(js: JetStreamClient, task: AgentTask, member: string, attempt: number, log: Logger): void {
  const msgID = attempt === 0 ? task.taskId : `${task.taskId}.${process.pid}.${attempt}`;
  js.publish(taskSubject(member), JSON.stringify(task), { msgID, timeout: 4_000 }).catch((error: unknown) =>
    log.warn({ err: error, taskId: task.taskId, member }, 'task not queued yet'),
  );
}

async function ensureStream(nats: NatsConnection, copies: number): Promise<void> {
  const manager = await jetstreamManager(nats);
  try {
    await manager.streams.add({ ...tasksStreamConfig, num_replicas: copies });
  } catch (error) {
    // Another process may have made it with settings of an older version: use it as it is.
    await manager.streams.info(tasksStreamConfig.name).catch(() => {
      throw error;
    });
  }
}
