/** A host agent in a process of its own, with real NATS, for tests that also kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  agentSubject, finishSubject, heartbeatSchema, heartbeatSubject, newId, taskResultSubject, taskSubject, unwrap,
  type AgentRequest, type AgentVerb, type CommandEnvelope, type CommandReply, type Heartbeat, type InstanceCommandBody, type InstanceSpec, type TaskBody, type TaskKind, type TaskResult,
} from '@weft/contracts'; // prettier-ignore
import { eventually, scratchDir, startNats, type TestNats } from '@weft/testing';

export const MEMBER = 'host1';
const HOOK = join(__dirname, '../../../libs/testing/source-hook.cjs');

type Finish = InstanceCommandBody<'operation.finish'>;

export class AgentTestbed {
  readonly heartbeats: Heartbeat[] = [];
  readonly results: TaskResult[] = [];
  readonly finished: Finish[] = [];
  private readonly agents = new Map<string, ChildProcess>();

  private constructor(
    readonly nats: TestNats,
    readonly nc: NatsConnection,
    private readonly scratch: { path: string; remove(): Promise<void> },
  ) {
    nc.subscribe(heartbeatSubject(MEMBER), { callback: (_error, message) => void this.heartbeats.push(heartbeatSchema.parse(message.json())) });
    nc.subscribe(taskResultSubject('*'), { callback: (_error, message) => void this.results.push(message.json()) });
  }

  static async start(): Promise<AgentTestbed> {
    const [nats, scratch] = await Promise.all([startNats(), scratchDir()]);
    return new AgentTestbed(nats, await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 }), scratch);
  }

  get dir(): string {
    return join(this.scratch.path, 'members', MEMBER);
  }

  async startAgent(member = MEMBER, drivers = 'sim'): Promise<void> {
    const readyFile = join(this.scratch.path, `ready-${member}`);
    await rm(readyFile, { force: true });
    const env = {
      PATH: process.env.PATH,
      WEFT_DIR: this.scratch.path,
      WEFT_NATS_URL: this.nats.url,
      WEFT_MEMBER: member,
      WEFT_DRIVERS: drivers,
      WEFT_READY_FILE: readyFile,
      WEFT_LOG_LEVEL: process.env.WEFT_LOG_LEVEL ?? 'fatal',
    };
    this.agents.set(member, spawn(process.execPath, ['-r', HOOK, join(__dirname, 'main.ts')], { env, stdio: 'inherit' }));
    await eventually(() => existsSync(readyFile), { what: 'the agent to be ready', timeoutMs: 20_000 });
  }

  async endAgent(signal: NodeJS.Signals, member = MEMBER): Promise<void> {
    const agent = this.agents.get(member);
    this.agents.delete(member);
    if (agent?.exitCode !== null || agent.signalCode !== null) return;
    agent.kill(signal);
    await once(agent, 'exit');
  }

  /** Answers `operation.finish` as the instance service does. */
  serveFinish(answer: (count: number) => CommandReply = () => ({ ok: true, result: {} })): void {
    this.nc.subscribe(finishSubject(MEMBER), {
      callback: (_error, message) => {
        this.finished.push(message.json<CommandEnvelope<Finish>>().body);
        message.respond(JSON.stringify(answer(this.finished.length)));
      },
    });
  }

  async queue<K extends TaskKind>(kind: K, body: TaskBody<K>, taskId = newId(), member = MEMBER): Promise<string> {
    await jetstream(this.nc).publish(taskSubject(member), JSON.stringify({ taskId, kind, body }));
    return taskId;
  }

  result(taskId: string, count = 1): Promise<TaskResult> {
    return eventually(
      () => {
        const mine = this.results.filter((result) => result.taskId === taskId);
        return mine.length >= count ? mine.at(-1) : undefined;
      },
      { what: `result ${count} of the task`, timeoutMs: 30_000 },
    );
  }

  /** Queues a task and returns its result. */
  async run<K extends TaskKind>(kind: K, body: TaskBody<K>, taskId = newId()): Promise<TaskResult> {
    const before = this.results.filter((result) => result.taskId === taskId).length;
    await this.queue(kind, body, taskId);
    return this.result(taskId, before + 1);
  }

  async request<V extends AgentVerb>(verb: V, body: AgentRequest<V>): Promise<CommandReply<Record<string, unknown>>> {
    return (await this.nc.request(agentSubject(MEMBER, verb), JSON.stringify(body), { timeout: 20_000 })).json();
  }

  async ask<V extends AgentVerb>(verb: V, body: AgentRequest<V>): Promise<Record<string, unknown>> {
    return unwrap(await this.request(verb, body));
  }

  /** The instance in the next heartbeat for which `matches` holds. */
  heard(instanceId: string, matches: (instance: Heartbeat['instances'][number]) => boolean): Promise<Heartbeat['instances'][number]> {
    const from = this.heartbeats.length;
    return eventually(
      () =>
        this.heartbeats
          .slice(from)
          .flatMap((beat) => beat.instances)
          .find((instance) => instance.id === instanceId && matches(instance)),
      { what: 'a heartbeat' },
    );
  }

  spec(more: Partial<InstanceSpec> = {}): InstanceSpec {
    return {
      id: newId(),
      project: 'default',
      name: 'c1',
      type: 'container',
      architecture: 'x86_64',
      ephemeral: false,
      imageFingerprint: '',
      config: {},
      devices: {},
      ...more,
    };
  }

  async created(more: Partial<InstanceSpec> = {}): Promise<InstanceSpec> {
    const instance = this.spec(more);
    const result = await this.run('instance.create', { instance, source: { kind: 'none' }, snapshots: {} });
    if (!result.ok) throw new Error(result.error.message);
    return instance;
  }

  async started(more: Partial<InstanceSpec> = {}): Promise<InstanceSpec> {
    const instance = await this.created(more);
    const result = await this.run('instance.start', { instance, epoch: 1 });
    if (!result.ok) throw new Error(result.error.message);
    return instance;
  }

  async stop(): Promise<void> {
    for (const member of [...this.agents.keys()]) await this.endAgent('SIGKILL', member);
    await this.nc.close();
    await this.nats.stop();
    await this.scratch.remove();
  }
}
