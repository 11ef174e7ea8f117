/** What the steps of all instance sagas are made of: a task for the host, and the last word about the operation. */
import { derivedId, progressSubject, type InstanceEvent, type LxdOperation, type TaskBody, type TaskKind, type TaskProgress } from '@weft/contracts';
import { currentTraceparent } from '@weft/platform';
import { stepCommandId, type SagaContext, type SagaError } from '@weft/saga';
import { execute } from '@weft/service';
import { appendInstance } from '../commands/instance-operation';
import { endOperation } from '../commands/operations';
import { finish } from '../domain/instance.decider';
import { instanceFold, instanceStream, type LiveInstance } from '../domain/instance.state';
import type { OperationOutcome } from '../domain/operation.decider';
import type { Deps } from '../instance.deps';
import type { HostWork, InstanceSagaParams } from './saga-params';

export type Context<P extends InstanceSagaParams> = SagaContext<P, Record<string, unknown>>;

/** How long an undo waits for its host. Not longer: the order stays in the host's durable queue and is carried out when it is back. */
const UNDO_LIMIT_MS = 45_000;

/** Has the member do something; its progress becomes the operation's. Repeats of the step are the same task. */
export function onHost<K extends TaskKind>(
  deps: Deps,
  ctx: SagaContext<HostWork, Record<string, unknown>>,
  kind: K,
  body: TaskBody<K>,
  member = ctx.params.member,
  /** Tells two orders of one kind in one step apart. */
  label: string = kind,
): Promise<Record<string, unknown>> {
  const { operation, meta, timeLimitMs } = ctx.params;
  const task = { taskId: derivedId(ctx.commandId, label), kind, body, traceparent: currentTraceparent() ?? meta.traceparent };
  const onProgress = (progress: TaskProgress) => publishProgress(deps, meta.project, operation, progress);
  return deps.tasks.run(task, { member, timeLimitMs, signal: ctx.signal, onProgress });
}

/** The id of the task that the action of that step gave its host with `onHost`. */
export const actionTaskId = (ctx: SagaContext<HostWork, Record<string, unknown>>, step: string, kind: TaskKind): string =>
  derivedId(stepCommandId(ctx.sagaId, step, 'action'), kind);

/** Takes back on the host what a step may have done. Never holds the operation up: what the host cannot do now waits in its queue. */
export async function undoOnHost<K extends TaskKind>(
  deps: Deps,
  ctx: SagaContext<HostWork, Record<string, unknown>>,
  kind: K,
  body: TaskBody<K>,
  member = ctx.params.member,
): Promise<void> {
  const task = { taskId: derivedId(ctx.commandId, kind), kind, body, traceparent: currentTraceparent() ?? ctx.params.meta.traceparent };
  try {
    await deps.tasks.run(task, { member, timeLimitMs: UNDO_LIMIT_MS, signal: ctx.signal });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.log.warn({ err: error, task: kind, member }, 'undo is left to the queue of the host');
  }
}

/** For whoever watches the operation now; nobody keeps it. */
export function publishProgress(deps: Deps, project: string, operation: LxdOperation, { stage, text }: Pick<TaskProgress, 'stage' | 'text'>): void {
  const rendered: LxdOperation = { ...operation, updated_at: new Date().toISOString(), metadata: { ...operation.metadata, [`${stage}_progress`]: text } };
  deps.nats.publish(progressSubject(project, operation.id), JSON.stringify(rendered));
}

export interface End {
  outcome: OperationOutcome;
  /** What becomes of the instance, if the operation still holds it. */
  events(instance: LiveInstance, now: Date): InstanceEvent[];
}

/** The instance's and the operation's last word, in one transaction. Safe to repeat. */
export async function endWork(deps: Deps, ctx: Context<InstanceSagaParams>, end: End): Promise<void> {
  const { meta, spec, operation } = ctx.params;
  const id = spec.id;
  await execute(deps, { ...meta, commandId: ctx.commandId, causationId: meta.commandId }, 'operation.end', {}, async (uow) => {
    const { state } = await uow.load(instanceFold, instanceStream(id));
    appendInstance(
      uow,
      id,
      finish(state, operation.id, (instance) => end.events(instance, uow.now)),
    );
    await endOperation(uow, operation.id, end.outcome);
    return {};
  });
}

export const SUCCESS: OperationOutcome = { status: 'Success' };

export const failure = (error: SagaError): OperationOutcome =>
  error.code === 'operation.cancelled' ? { status: 'Cancelled' } : { status: 'Failure', err: sentenceOf(error) };

/** A defect's own words (SQL, paths) are for the log, which has them: not for the user. */
const sentenceOf = ({ code, message }: SagaError): string => (code === 'internal' ? 'Internal error: see the log of the instance service' : message);
