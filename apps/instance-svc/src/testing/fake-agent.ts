/**
 * A host without guests, for specs of the control plane: it keeps what it was told in memory, answers every task once
 * and repeats stored answers, and reports in. What runs for real is tested with the host agent itself.
 */
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  agentSubject,
  heartbeatSubject,
  newId,
  taskResultSubject,
  tasksStreamConfig,
  taskSubject,
  type AgentTask,
  type Heartbeat,
  type MoveFacts,
  type RunStatus,
  type TaskResult,
  type WireError,
} from '@weft/contracts';

export interface FakeInstance {
  status: RunStatus;
  epoch: number;
  reason?: string;
}

/** Nothing is in the way of a move. */
const NO_FACTS: MoveFacts = { diskBytes: 0, usedBytes: 0, memoryBytes: 0, abi: {}, blockers: [] };

export class FakeAgent {
  readonly instances = new Map<string, FakeInstance>();
  readonly tasks: AgentTask[] = [];
  /** Returns an error to refuse a task with, or "silence" to never answer it. */
  onTask: (task: AgentTask) => WireError | 'silence' | undefined = () => undefined;
  bootId = newId();
  hostBootId: string | undefined;
  reports: Heartbeat['instances'] | undefined;
  private readonly results = new Map<string, TaskResult>();
  private stops: (() => void)[] = [];

  constructor(
    private readonly nats: NatsConnection,
    readonly member: string,
  ) {}

  async start(): Promise<void> {
    const manager = await jetstreamManager(this.nats);
    await manager.streams.add(tasksStreamConfig);
    await manager.consumers.add(tasksStreamConfig.name, {
      durable_name: this.member,
      filter_subject: taskSubject(this.member),
      ack_policy: AckPolicy.Explicit,
    });
    const messages = await (await jetstream(this.nats).consumers.get(tasksStreamConfig.name, this.member)).consume({ max_messages: 200 });
    void (async () => {
      for await (const message of messages) {
        this.work(message.json<AgentTask>());
        message.ack();
      }
    })();
    const requests = this.nats.subscribe(agentSubject(this.member, '>'), {
      callback: (_error, message) => void message.respond(JSON.stringify({ ok: true, result: message.subject.endsWith('.migration.facts') ? NO_FACTS : {} })),
    });
    const timer = setInterval(() => this.beat(), 200);
    this.stops = [() => void messages.close(), () => requests.unsubscribe(), () => clearInterval(timer)];
    this.beat();
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  beat(): void {
    const running = [...this.instances].filter(([, one]) => one.status !== 'stopped' || one.reason).map(([id, one]) => ({ id, ...one }));
    const heartbeat: Heartbeat = {
      member: this.member,
      bootId: this.bootId,
      hostBootId: this.hostBootId,
      version: '0',
      at: Date.now(),
      drivers: [
        { name: 'sim', type: 'container', version: '1', info: {} },
        { name: 'sim', type: 'virtual-machine', version: '1', info: {} },
      ],
      missingDrivers: [],
      resources: {
        cpus: 2,
        memoryBytes: 8e9,
        memoryFreeBytes: 6e9,
        diskBytes: 1e11,
        diskFreeBytes: 9e10,
        architecture: 'x86_64',
        kernelVersion: '6',
        osName: 'Debian',
        osVersion: '12',
      },
      images: [],
      instances: this.reports ?? running,
    };
    this.nats.publish(heartbeatSubject(this.member), JSON.stringify(heartbeat));
  }

  private work(task: AgentTask): void {
    const stored = this.results.get(task.taskId);
    if (stored) return this.answer(stored);
    this.tasks.push(task);
    const refusal = this.onTask(task);
    if (refusal === 'silence') return;
    const result: TaskResult = refusal ? { taskId: task.taskId, ok: false, error: refusal } : { taskId: task.taskId, ok: true, result: {} };
    if (!refusal) this.apply(task);
    this.results.set(task.taskId, result);
    this.answer(result);
  }

  private answer(result: TaskResult): void {
    this.nats.publish(taskResultSubject(result.taskId), JSON.stringify(result));
  }

  private apply({ kind, body }: AgentTask): void {
    const id = 'instance' in body ? body.instance.id : 'instanceId' in body ? body.instanceId : '';
    const epoch = 'epoch' in body ? body.epoch : 0;
    if (kind === 'instance.create') this.instances.set(id, { status: 'stopped', epoch: 0 });
    else if (kind === 'instance.fetch') this.instances.set(id, { status: 'stopped', epoch });
    else if (kind === 'instance.delete') this.instances.delete(id);
    else if (kind === 'instance.start' || kind === 'instance.unfreeze') this.instances.set(id, { status: 'running', epoch });
    else if (kind === 'instance.stop') this.instances.set(id, { status: 'stopped', epoch });
    else if (kind === 'instance.freeze') this.instances.set(id, { status: 'frozen', epoch });
  }
}
