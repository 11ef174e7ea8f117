/**
 * kill -9 of the service and of the agent while a stream of instances is created, started and deleted: every operation
 * ends, and in the end rows, log and host agree.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { commandSubject, newId, WeftError, type CommandReply, type InstanceCommandBody, type InstanceCommandName, type LxdOperation } from '@weft/contracts';
import { eventually, scratchDir, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import { Pool } from 'pg';
import { action, emptyInstance } from '../testing/bodies';
import { build, Killable } from '../testing/process';

const LAUNCHES = Number(process.env.WEFT_TEST_LAUNCHES ?? 100);
const SIDE_BY_SIDE = 8;
const MEMBER = 'host1';
/** Refusals that a client meets with patience. */
const PASSING = new Set<string>(['member.unavailable', 'service.unavailable', 'member.none-suitable']);

let postgres: TestPostgres;
let broker: TestNats;
let pool: Pool;
let client: NatsConnection;
let service: Killable;
let agent: Killable;
let dir: string;
let removeDir: () => Promise<void>;

beforeAll(async () => {
  build();
  postgres = await startPostgres();
  broker = await startNats();
  ({ path: dir, remove: removeDir } = await scratchDir());
  mkdirSync(join(dir, 'members', MEMBER), { recursive: true });
  const env = { WEFT_DIR: dir, WEFT_POSTGRES_URL: postgres.url, WEFT_NATS_URL: broker.url, WEFT_MEMBER: MEMBER, WEFT_DRIVERS: 'sim', WEFT_ENROLMENT: 'open' };
  service = new Killable('instance-svc', env, join(dir, 'svc.ready'));
  agent = new Killable('host-agent', env, join(dir, 'agent.ready'));
  await Promise.all([service.start(), agent.start()]);
  pool = new Pool({ connectionString: postgres.url, options: '-c search_path=instance' });
  pool.on('error', () => undefined);
  client = await connect({ servers: broker.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  await eventually(async () => (await pool.query('SELECT FROM member_v1 WHERE online')).rowCount, { timeoutMs: 30_000 });
}, 180_000);

afterAll(async () => {
  await Promise.all([service.kill9(), agent.kill9()]);
  await client?.close();
  await pool?.end();
  await postgres?.stop();
  await broker?.stop();
  await removeDir?.();
});

/** What the gateway does: the same command id until there is an answer. */
async function send<N extends InstanceCommandName>(name: N, body: InstanceCommandBody<N>): Promise<CommandReply<LxdOperation>> {
  const id = newId();
  const meta = {
    actor: { protocol: 'unix', username: 'root', address: '@', projects: null },
    project: 'default',
    requestId: id,
    correlationId: id,
    commandId: id,
  };
  return eventually(
    async () => {
      const reply = (await client.request(commandSubject('instance', name), JSON.stringify({ meta, body }), { timeout: 5_000 })).json<
        CommandReply<LxdOperation>
      >();
      if (!reply.ok && PASSING.has(reply.error.code)) throw WeftError.fromWire(reply.error);
      return reply;
    },
    { timeoutMs: 90_000, what: name },
  );
}

const ended = (id: string): Promise<LxdOperation> =>
  eventually(
    async () => {
      const { rows } = await pool.query<{ doc: string }>('SELECT doc FROM operation_v1 WHERE id = $1 AND status_code >= 200', [id]);
      return rows[0] && (JSON.parse(rows[0].doc) as LxdOperation);
    },
    { timeoutMs: 120_000, intervalMs: 50, what: `operation ${id} to end` },
  );

async function done<N extends InstanceCommandName>(name: N, body: InstanceCommandBody<N>): Promise<string> {
  const reply = await send(name, body);
  if (!reply.ok) return reply.error.message;
  return (await ended(reply.result.id)).err;
}

async function launchAndDelete(name: string): Promise<string[]> {
  const errors = [await done('instance.create', emptyInstance(name))];
  errors.push(await done('instance.set-state', action(name, 'start')));
  errors.push(await done('instance.set-state', action(name, 'stop', { force: true })));
  errors.push(await done('instance.delete', { name }));
  return errors.filter((error) => error !== '');
}

/** Launches while `victims` are killed and started again, one after the other; then log, rows and host must agree. */
async function survive(prefix: string, launches: number, victims: readonly { kill9(): Promise<unknown>; start(): Promise<unknown> }[]): Promise<void> {
  let next = 0;
  const errors: string[] = [];
  const workers = Array.from({ length: SIDE_BY_SIDE }, async () => {
    while (next < launches) errors.push(...(await launchAndDelete(`${prefix}${next++}`)));
  });
  const killer = (async () => {
    for (const [index, victim] of victims.entries()) {
      await eventually(() => next >= ((index + 0.5) * launches) / (victims.length + 1), { timeoutMs: 120_000 });
      await victim.kill9();
      await victim.start();
    }
  })();
  await Promise.all([...workers, killer]);
  expect(errors).toEqual([]);
  const { rows } = await pool.query<{ instances: number; open: number; created: number; deleted: number }>(
    `SELECT (SELECT count(*) FROM instance)::int AS instances, (SELECT count(*) FROM operation WHERE status_code < 200)::int AS open,
      (SELECT count(*) FROM event WHERE type = 'InstanceCreated' AND data->>'name' LIKE $1 || '%')::int AS created,
      (SELECT count(*) FROM event WHERE type = 'InstanceDeleted' AND data->>'name' LIKE $1 || '%')::int AS deleted`,
    [prefix],
  );
  expect(rows[0]).toEqual({ instances: 0, open: 0, created: launches, deleted: launches });
  await eventually(() => readdirSync(join(dir, 'members', MEMBER, 'instances')).length === 0, { timeoutMs: 30_000, what: 'the host to be empty' });
}

it('loses nothing and doubles nothing when the service and the agent are killed', () => survive('k', LAUNCHES, [service, agent, service, agent]), 400_000);

it('loses nothing and doubles nothing when Postgres and NATS are killed', async () => {
  const restarted = (store: { kill9(): Promise<unknown>; restart(): Promise<unknown> }) => ({ kill9: () => store.kill9(), start: () => store.restart() });
  await survive('s', LAUNCHES / 2, [restarted(postgres), restarted(broker)]);
}, 400_000);
