/** The whole service in this process over real Postgres and NATS, with a fake host; commands go over NATS as the gateway sends them. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  commandSubject,
  finishSubject,
  newId,
  unwrap,
  type CommandReply,
  type InstanceCommandBody,
  type InstanceCommandName,
  type LxdOperation,
  type Meta,
} from '@weft/contracts';
import { connectNats, createLogger } from '@weft/platform';
import { serveCommands } from '@weft/service';
import { eventually, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import { SERVICE } from '../commands/service-meta';
import type { Enrolment } from '../instance.deps';
import { compose, type Running } from '../composition';
import { FakeAgent } from './fake-agent';

const WEEK_MS = 7 * 24 * 3_600_000;
const QUIET = createLogger('test', process.env.WEFT_TEST_LOG ?? 'silent');

/** Fake hosts are members by their heartbeats. */
const OPEN: Enrolment = { open: true, tokens: {} };

export interface Infrastructure {
  postgres: TestPostgres;
  broker: TestNats;
}

export const startInfrastructure = async (): Promise<Infrastructure> => ({ postgres: await startPostgres(), broker: await startNats() });

export class ServiceUnderTest {
  private constructor(
    readonly running: Running,
    private readonly app: { close(): Promise<void> },
    readonly client: NatsConnection,
  ) {}

  static async start({ postgres, broker }: Infrastructure, enrolment: Enrolment = OPEN): Promise<ServiceUnderTest> {
    const running = await compose(
      {
        postgresUrl: postgres.url,
        schema: 'instance',
        poolSize: 12,
        natsUrl: broker.url,
        memberOfflineMs: 3_000,
        enrolment,
        keep: { commandLogMs: WEEK_MS, sagaMs: WEEK_MS },
        poolSource: '/var/lib/weft/members',
      },
      QUIET,
    );
    const app = await serveCommands(SERVICE, running.commands, await connectNats(broker.url, 'commands', QUIET), QUIET);
    return new ServiceUnderTest(running, app, await connect({ servers: broker.url }));
  }

  async agent(member: string): Promise<FakeAgent> {
    const agent = new FakeAgent(this.client, member);
    await agent.start();
    await eventually(() => this.running.deps.members.get(member) !== undefined || Promise.reject(new Error('no heartbeat yet')));
    return agent;
  }

  async send<T, N extends InstanceCommandName = InstanceCommandName>(name: N, body: InstanceCommandBody<N>, meta: Partial<Meta> = {}): Promise<T> {
    const reply = await this.client.request(commandSubject('instance', name), JSON.stringify({ meta: this.meta(meta), body }), { timeout: 10_000 });
    return unwrap(reply.json<CommandReply<T>>());
  }

  /** What an agent says of an operation, under the name that its subject shows. */
  async finish(member: string, operationId: string, metadata: Record<string, unknown>): Promise<void> {
    const body: InstanceCommandBody<'operation.finish'> = { operationId, metadata };
    const reply = await this.client.request(finishSubject(member), JSON.stringify({ meta: this.meta({}), body }), { timeout: 10_000 });
    unwrap(reply.json<CommandReply>());
  }

  private meta(given: Partial<Meta>): Meta {
    return {
      actor: { protocol: 'unix', username: 'root', address: '@', projects: null },
      project: 'default',
      requestId: newId(),
      correlationId: newId(),
      commandId: newId(),
      ...given,
    };
  }

  /** Waits for the end of an operation; its rendered form. */
  async ended({ id }: LxdOperation): Promise<LxdOperation> {
    return eventually(
      async () => {
        const { rows } = await this.running.deps.pool.query<{ doc: string; status_code: number }>('SELECT doc, status_code FROM operation_v1 WHERE id = $1', [
          id,
        ]);
        if (!rows[0] || rows[0].status_code < 200) throw new Error(`operation ${id} runs`);
        return JSON.parse(rows[0].doc) as LxdOperation;
      },
      { timeoutMs: 60_000 },
    );
  }

  async instance(name: string, project = 'default'): Promise<Record<string, unknown> | undefined> {
    const { rows } = await this.running.deps.pool.query<{ full_doc: string }>('SELECT full_doc FROM instance_v1 WHERE project = $1 AND name = $2', [
      project,
      name,
    ]);
    return rows[0] && (JSON.parse(rows[0].full_doc) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.app.close();
    await this.running.close();
  }
}
