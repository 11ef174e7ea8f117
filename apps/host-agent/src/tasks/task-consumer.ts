/**
 * The durable end of the work queue: pulls this host's tasks from JetStream and acknowledges each when it is done.
 */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  JetStreamApiError,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { taskResultSubject, tasksStreamConfig, taskSubject, token, WeftError, type TaskResult } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { parseTask } from './task';
import type { TaskRunner } from './task-runner';

/** A dead agent's tasks come back after this long; a live one says "working" three times meanwhile. */
const ACK_WAIT_MS = 15_000;
const RETRY_DELAY_MS = 2_000;
const REOPEN_DELAY_MS = 1_000;
/** Tasks taken from the queue and waiting for their turn, at most. */
const MAX_PENDING = 1_000;

const CONSUMER_NOT_FOUND = 10014;

export interface TaskConsumer {
  /** Takes no new tasks; those under way are not waited for: they will be delivered again. */
  stop(): Promise<void>;
}

/** @param copies of the queue in a NATS cluster */
export async function consumeTasks(nc: NatsConnection, copies: number, member: string, runner: TaskRunner, logger: Logger): Promise<TaskConsumer> {
  const manager = await jetstreamManager(nc);
  await ensureStream(manager, copies);
  // We are the only agent of this member (the lock on the state directory says so): whatever an earlier process had
  // under way shall come at once, not after its acknowledgement time.
  await recreateConsumer(manager, member);
  let stopped = false;
  let messages: ConsumerMessages | undefined;

  const loop = async () => {
    while (!stopped) {
      try {
        const consumer = await jetstream(nc).consumers.get(tasksStreamConfig.name, consumerName(member));
        messages = await consumer.consume({ max_messages: 100, abort_on_missing_resource: true });
        for await (const message of messages) void deliver(nc, message, runner, logger);
      } catch (error) {
        if (stopped) return;
        logger.warn({ err: error }, 'task queue interrupted');
        await restore(manager, copies, member).catch((cause: unknown) => logger.warn({ err: cause }, 'task queue not restored yet'));
      }
      if (!stopped) await new Promise((resolve) => setTimeout(resolve, REOPEN_DELAY_MS));
    }
  };
  const running = loop();
  return {
    async stop() {
      stopped = true;
      await messages?.close();
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, REOPEN_DELAY_MS))]);
    },
  };
}

const consumerName = (member: string): string => `agent-${token(member)}`;

async function ensureStream(manager: JetStreamManager, copies: number): Promise<void> {
  try {
    await manager.streams.add({ ...tasksStreamConfig, num_replicas: copies });
  } catch (error) {
    // Another process may have made it with settings of another version: use it as it is.
    await manager.streams.info(tasksStreamConfig.name).catch(() => {
      throw error;
    });
  }
}

async function recreateConsumer(manager: JetStreamManager, member: string): Promise<void> {
  await manager.consumers.delete(tasksStreamConfig.name, consumerName(member)).catch((error: unknown) => {
    if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_NOT_FOUND) throw error;
  });
  await addConsumer(manager, member);
}

async function addConsumer(manager: JetStreamManager, member: string): Promise<void> {
  await manager.consumers.add(tasksStreamConfig.name, {
    durable_name: consumerName(member),
    filter_subject: taskSubject(member),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: MAX_PENDING,
  });
}

/** The broker may have lost its store: make what is missing, keep what is there. */
async function restore(manager: JetStreamManager, copies: number, member: string): Promise<void> {
  await ensureStream(manager, copies);
  await addConsumer(manager, member);
}

async function deliver(nc: NatsConnection, message: JsMsg, runner: TaskRunner, logger: Logger): Promise<void> {
  const alive = setInterval(() => message.working(), ACK_WAIT_MS / 3);
  try {
    const parsed = parseTask(readJson(message));
    if (!parsed.ok) {
      logger.error({ taskId: parsed.taskId, problem: parsed.problem }, 'unreadable task');
      if (parsed.taskId) publishResult(nc, { taskId: parsed.taskId, ok: false, error: new WeftError('request.invalid', parsed.problem).toWire() });
      return message.ack();
    }
    const outcome = await runner.run(parsed.task, message.info.deliveryCount);
    if (!outcome.done) return message.nak(RETRY_DELAY_MS);
    publishResult(nc, outcome.result);
    message.ack();
  } catch (error) {
    // The journal cannot be read or written: nothing may be acknowledged.
    logger.error({ err: error }, 'task not recorded');
    message.nak(RETRY_DELAY_MS);
  } finally {
    clearInterval(alive);
  }
}

function readJson(message: JsMsg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

const publishResult = (nc: NatsConnection, result: TaskResult): void => nc.publish(taskResultSubject(result.taskId), JSON.stringify(result));
