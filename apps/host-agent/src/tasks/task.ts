/** A durable task as it comes from the wire, and what it touches. */
import { isId, taskBodies, type AgentTask, type TaskBody, type TaskKind } from '@weft/contracts';
import { z } from 'zod';

const envelope = z.object({
  taskId: z.string().refine(isId, 'a UUID'),
  kind: z.string().refine((kind): kind is TaskKind => Object.hasOwn(taskBodies, kind), 'a known kind of task'),
  body: z.unknown(),
  traceparent: z.string().optional(),
});

export type Task = { [K in TaskKind]: AgentTask<K> & { body: TaskBody<K> } }[TaskKind];

/** What a driver or the image store does; the rest is about tasks themselves. */
export type HostTask = Exclude<Task, { kind: 'task.cancel' }>;

/** What came out of the queue: a task, or why it is none (with the id, where there is one, to answer). */
export type ParsedTask = { ok: true; task: Task } | { ok: false; taskId?: string; problem: string };

export function parseTask(json: unknown): ParsedTask {
  const outer = envelope.safeParse(json);
  const given = z.object({ taskId: z.string().refine(isId) }).safeParse(json);
  const taskId = given.success ? given.data.taskId : undefined;
  if (!outer.success) return { ok: false, taskId, problem: z.prettifyError(outer.error) };
  const body = taskBodies[outer.data.kind].safeParse(outer.data.body);
  if (!body.success) return { ok: false, taskId, problem: z.prettifyError(body.error) };
  // The body was parsed by the schema of this very kind.
  return { ok: true, task: { ...outer.data, body: body.data } as Task };
}

/** The instance that a task works on; it has no other task meanwhile and is left out of heartbeats. */
export function instanceOf(task: Task): string | undefined {
  if ('instance' in task.body) return task.body.instance.id;
  return 'instanceId' in task.body ? task.body.instanceId : undefined;
}

/** Tasks with the same key run one after the other. */
export function serialKey(task: Task): string {
  return instanceOf(task) ?? ('fingerprint' in task.body ? `image ${task.body.fingerprint}` : task.taskId);
}
