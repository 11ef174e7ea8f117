/**
 * A cluster at scale: simulated hosts and instances, the real service, Postgres, NATS and agents.
 *
 *   npm run bench:cluster -- [--hosts 100] [--instances 5000] [--started 1] [--side-by-side 64]
 *
 * Creates the instances wherever the platform places them and starts them (or each n-th of them), evacuates one host with the limits that the
 * platform has by itself, and restores it. Printed: times, how evenly instances lie on hosts before and after, and how
 * long a placement takes when the cluster is empty and when it is full: that must not grow with the number of instances.
 * All hosts share this machine and its memory, so what decides is the number of instances.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TimeoutError } from '@nats-io/transport-node';
import { newId, type InstanceCommandBody, type InstanceCommandName, type LxdOperation } from '@weft/contracts';
import { eventually, scratchDir } from '@weft/testing';
import { action, emptyInstance } from '../../apps/instance-svc/src/testing/bodies';
import { ServiceUnderTest, startInfrastructure } from '../../apps/instance-svc/src/testing/service-under-test';
import { median } from '../event-store/figures';
import { runBench } from '../run-bench';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '100' },
    instances: { type: 'string', default: '5000' },
    started: { type: 'string', default: '1' },
    'side-by-side': { type: 'string', default: '64' },
  },
});
const HOSTS = Number(values.hosts);
const INSTANCES = Number(values.instances);
/** Every how many-th instance is started: one process looks at the guests of all hosts each second. */
const STARTED = Number(values.started);
const SIDE_BY_SIDE = Number(values['side-by-side']);
const MEMBERS = Array.from({ length: HOSTS }, (_, index) => `host${index + 1}`);
/** Of ten seconds each. */
const ATTEMPTS = 6;
const HOUR_MS = 3_600_000;

const since = (start: number): number => performance.now() - start;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const say = (what: string, text: string): void => console.log(`${what.padEnd(28)} ${text}`);

async function startHosts(dir: string, natsUrl: string): Promise<ChildProcess> {
  const hosts = fork(join(__dirname, 'hosts.ts'), {
    execArgv: ['-r', join(__dirname, '../../libs/testing/source-hook.cjs')],
    env: { ...process.env, WEFT_DIR: dir, WEFT_NATS_URL: natsUrl, BENCH_MEMBERS: MEMBERS.join(',') },
  });
  await once(hosts, 'message');
  return hosts;
}

class Cluster {
  constructor(private readonly service: ServiceUnderTest) {}

  /** As the gateway does: the same command until there is an answer. */
  private async send<N extends InstanceCommandName>(name: N, body: InstanceCommandBody<N>): Promise<LxdOperation> {
    const id = newId();
    const meta = { commandId: id, correlationId: id, requestId: id };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.service.send<LxdOperation, N>(name, body, meta);
      } catch (error) {
        if (!(error instanceof TimeoutError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  get pool() {
    return this.service.running.deps.pool;
  }

  /** From the request to the end of its operation. */
  private async done(operation: LxdOperation): Promise<LxdOperation> {
    const ended = await eventually(
      async () => {
        const { rows } = await this.pool.query<{ doc: string }>('SELECT doc FROM operation_v1 WHERE id = $1 AND status_code >= 200', [operation.id]);
        return rows[0] && (JSON.parse(rows[0].doc) as LxdOperation);
      },
      { timeoutMs: HOUR_MS, intervalMs: 400, what: operation.description },
    );
    return ended;
  }

  private async succeeded(operation: LxdOperation): Promise<void> {
    const { err, description } = await this.done(operation);
    if (err) throw new Error(`${description}: ${err}`);
  }

  /** @returns milliseconds until the reply: the member has been chosen by then */
  async launch(name: string, starts: boolean): Promise<number> {
    const start = performance.now();
    const created = await this.send('instance.create', emptyInstance(name));
    const placedMs = since(start);
    await this.succeeded(created);
    if (starts) await this.succeeded(await this.send('instance.set-state', action(name, 'start')));
    return placedMs;
  }

  async setState(name: string, verb: 'evacuate' | 'restore'): Promise<LxdOperation> {
    return this.done(await this.send('member.set-state', { name, action: verb, mode: '' }));
  }

  /** Instances by member. */
  async lie(): Promise<Map<string, number>> {
    const { rows } = await this.pool.query<{ member: string; count: number }>('SELECT member, count(*)::int AS count FROM instance GROUP BY member');
    return new Map(MEMBERS.map((name) => [name, rows.find(({ member }) => member === name)?.count ?? 0]));
  }

  async running(): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>("SELECT count(*)::int AS count FROM instance WHERE status = 'running'");
    return rows[0]?.count ?? 0;
  }
}

const range = (counts: Iterable<number>): string => {
  const all = [...counts];
  return `${Math.min(...all)} to ${Math.max(...all)} on a host`;
};

async function fill(cluster: Cluster): Promise<void> {
  const start = performance.now();
  const placed: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < INSTANCES) {
      const number = (next += 1);
      placed.push(await cluster.launch(`c${number}`, number % STARTED === 0));
      if (number % 500 === 0) say(`${number} instances`, `after ${seconds(since(start))}, load ${loadavg()[0]!.toFixed(1)}`);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  const tenth = Math.max(1, Math.floor(placed.length / 10));
  say(
    'launched',
    `${INSTANCES} in ${seconds(since(start))}, ${(INSTANCES / (since(start) / 1000)).toFixed(0)}/s; they lie ${range((await cluster.lie()).values())}`,
  );
  say('create until placed', `first tenth ${median(placed.slice(0, tenth)).toFixed(0)} ms, last tenth ${median(placed.slice(-tenth)).toFixed(0)} ms (median)`);
}

async function emptyAndRefill(cluster: Cluster): Promise<void> {
  const [host] = MEMBERS;
  const before = await cluster.lie();
  const start = performance.now();
  const evacuated = await cluster.setState(host!, 'evacuate');
  const after = await cluster.lie();
  if (evacuated.err) throw new Error(evacuated.err);
  const others = MEMBERS.slice(1).map((name) => after.get(name) ?? 0);
  say(
    'evacuated',
    `${before.get(host!)} instances in ${seconds(since(start))}, ${after.get(host!)} left; the others have ${range(others)}; ${await cluster.running()} run`,
  );
  const again = performance.now();
  const restored = await cluster.setState(host!, 'restore');
  if (restored.err) throw new Error(restored.err);
  say('restored', `in ${seconds(since(again))}; ${(await cluster.lie()).get(host!)} are back; ${await cluster.running()} run`);
}

async function main(): Promise<void> {
  const { path: dir, remove } = await scratchDir();
  const infrastructure = await startInfrastructure();
  const service = await ServiceUnderTest.start(infrastructure);
  const hosts = await startHosts(dir, infrastructure.broker.url);
  try {
    await eventually(async () => (await service.running.deps.pool.query('SELECT FROM member_v1 WHERE online')).rowCount === HOSTS, { timeoutMs: 300_000 });
    // One process has the heartbeats of all hosts to send, beside what they work.
    await service.send('server.update', { mode: 'merge', config: { 'cluster.offline_threshold': '60' } });
    say('cluster', `${HOSTS} hosts, ${INSTANCES} instances; ${cpus().length} processors, load ${loadavg()[0]!.toFixed(1)}`);
    const cluster = new Cluster(service);
    await fill(cluster);
    await emptyAndRefill(cluster);
  } finally {
    hosts.kill();
    await service.close();
    await Promise.all([infrastructure.postgres.stop(), infrastructure.broker.stop()]);
    await remove();
  }
}

runBench(main);
