/**
 * kill -9 of the service in the middle of changes, with real Postgres, NATS and OVN: every command has one effect, addresses
 * stay with their instances, and in the end OVN holds exactly what building the end state from nothing would give.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { commandSubject, newId, WeftError, type CommandReply, type NetworkCommandBody, type NetworkCommandName } from '@weft/contracts';
import { Northbound } from '@weft/ovn';
import { OvnCentral } from '@weft/ovn/testing/ovn-central';
import { eventually, scratchDir, startNats, startPostgres, type TestNats, type TestPostgres } from '@weft/testing';
import { Pool } from 'pg';
import { readDesiredRows } from '../queries/desired-rows';
import { desiredState } from '../reconcilers/desired-state';
import { ovn, SERVICE_ACTOR, UPLINK_CONFIG } from '../testing/network-service';

const ROOT = join(__dirname, '../../../..');
const KILLS = 2;
const NETWORKS = 4;
const PORTS = 4;

let postgres: TestPostgres;
let broker: TestNats;
let central: OvnCentral;
let pool: Pool;
let client: NatsConnection;
let child: ChildProcess | undefined;
let dir: string;
let removeDir: () => Promise<void>;

async function startService(): Promise<void> {
  const ready = join(dir, 'ready');
  rmSync(ready, { force: true });
  const env = {
    ...process.env,
    WEFT_DIR: dir,
    WEFT_READY_FILE: ready,
    WEFT_POSTGRES_URL: postgres.url,
    WEFT_NATS_URL: broker.url,
    WEFT_OVN_NB: central.northbound.endpoint,
    WEFT_OVN_SB: central.southbound.endpoint,
    WEFT_BOOTSTRAP_UPLINK: JSON.stringify(UPLINK_CONFIG),
    WEFT_LOG_LEVEL: process.env.WEFT_TEST_LOG ?? 'fatal',
  };
  child = spawn(process.execPath, ['-r', join(ROOT, 'libs/testing/source-hook.cjs'), join(ROOT, 'apps/network-svc/src/main.ts')], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await eventually(() => existsSync(ready), { timeoutMs: 60_000, what: 'network-svc to serve' });
}

async function kill9(): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

beforeAll(async () => {
  [postgres, broker, central] = await Promise.all([startPostgres(), startNats(), OvnCentral.start()]);
  ({ path: dir, remove: removeDir } = await scratchDir());
  await startService();
  pool = new Pool({ connectionString: postgres.url, options: '-c search_path=network' });
  pool.on('error', () => undefined);
  client = await connect({ servers: broker.url });
}, 120_000);
afterAll(async () => {
  await kill9();
  await client.close();
  await pool.end();
  await central.stop();
  await postgres.stop();
  await broker.stop();
  await removeDir();
});

/** As services do: the same command id until there is an answer. */
async function send<N extends NetworkCommandName>(name: N, body: NetworkCommandBody<N>): Promise<unknown> {
  const id = newId();
  const meta = { actor: SERVICE_ACTOR, project: 'default', requestId: id, correlationId: id, commandId: id };
  return eventually(
    async () => {
      const message = await client.request(commandSubject('network', name), JSON.stringify({ meta, body }), { timeout: 5_000 });
      const reply = message.json<CommandReply>();
      if (!reply.ok && !['network.unavailable', 'service.unavailable'].includes(reply.error.code)) return { refused: reply.error };
      if (!reply.ok) throw WeftError.fromWire(reply.error);
      return { result: reply.result };
    },
    { timeoutMs: 60_000, what: name },
  );
}

/** A network's life: NICs that come, move and go, a peer, a forward, an end for every second one. */
async function life(n: number): Promise<void> {
  const name = `net${n}`;
  await send('network.create', ovn(name, { 'ipv4.address': `10.${n + 10}.0.1/24`, 'ipv4.nat': 'true', 'ipv6.address': 'none' }));
  const nic = (port: number) => ({ eth0: { type: 'nic', network: name, hwaddr: `00:16:3e:00:0${n}:0${port}` } });
  for (let port = 0; port < PORTS; port++) {
    const instance = { instanceId: `i${n}-${port}`, instanceName: `c${n}-${port}`, type: 'container' as const };
    const first = await send('port.activate', { ...instance, member: 'host1', nics: nic(port) });
    if (port % 2 === 0) await send('port.deactivate', { instanceId: instance.instanceId });
    expect(await send('port.activate', { ...instance, member: 'host2', nics: nic(port) })).toEqual(first);
  }
  await send('network-forward.create', {
    network: name,
    listenAddress: `198.51.100.${n + 1}`,
    description: '',
    config: { target_address: `10.${n + 10}.0.9` },
    ports: [],
  });
  await send('network-peer.create', { network: name, name: 'ring', description: '', config: {}, targetProject: '', targetNetwork: 'default' });
  await send('network-peer.create', { network: 'default', name: `to-${name}`, description: '', config: {}, targetProject: '', targetNetwork: name });
  if (n % 2 === 0) return;
  await send('network-peer.delete', { network: 'default', name: `to-${name}` });
  for (let port = 0; port < PORTS; port++) await send('port.remove', { instanceId: `i${n}-${port}` });
  await send('network.delete', { name });
}

it('the end state is what the commands say, however often the service dies', async () => {
  const lives = Promise.all(Array.from({ length: NETWORKS }, (_, n) => life(n)));
  for (let kill = 0; kill < KILLS; kill++) {
    const before = await count('event');
    await eventually(async () => (await count('event')) > before + 5, { timeoutMs: 60_000, what: 'some progress' });
    await kill9();
    await startService();
  }
  await lives;
  const northbound = await Northbound.connect({
    northbound: { endpoints: central.northbound.endpoint },
    southbound: { endpoints: central.southbound.endpoint },
  });
  const differences = async () => {
    const rows = await readDesiredRows(pool, 'everything');
    return northbound.drift({ state: desiredState(rows, []), scope: 'everything' });
  };
  await eventually(async () => (await differences()).length === 0, { timeoutMs: 30_000, what: 'OVN to agree' });
  await northbound.close();
  expect(await count('port')).toBe((NETWORKS / 2) * PORTS);
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM network ORDER BY name');
  expect(rows.map(({ name }) => name)).toEqual(['UPLINK', 'default', 'net0', 'net2']);
  const twice = await pool.query('SELECT command_id FROM event GROUP BY command_id, stream, type HAVING count(*) > 1');
  expect(twice.rows).toEqual([]);
}, 180_000);

async function count(table: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
  return rows[0]!.count;
}
