/** Evacuation and restore of a member through the whole service, with three fake hosts. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { LxdOperation } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { action, emptyInstance } from '../testing/bodies';
import { FakeAgent } from '../testing/fake-agent';
import { ServiceUnderTest, startInfrastructure, type Infrastructure } from '../testing/service-under-test';

const NAMES = ['host1', 'host2', 'host3'];
let infrastructure: Infrastructure;
let service: ServiceUnderTest;
let nats: NatsConnection;
let hosts: Map<string, FakeAgent>;

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await ServiceUnderTest.start(infrastructure);
  // Of their own: they outlive the service.
  nats = await connect({ servers: infrastructure.broker.url });
  hosts = new Map(NAMES.map((name) => [name, new FakeAgent(nats, name)]));
  for (const host of hosts.values()) await host.start();
  await eventually(async () => (await service.running.deps.pool.query('SELECT FROM member_v1')).rowCount === NAMES.length);
}, 60_000);
afterAll(async () => {
  for (const host of hosts?.values() ?? []) host.stop();
  await nats?.close();
  await service?.close();
  await infrastructure?.postgres.stop();
  await infrastructure?.broker.stop();
});

type Mode = '' | 'stop' | 'migrate';
const setState = (name: string, verb: 'evacuate' | 'restore', mode: Mode = '') => service.send<LxdOperation>('member.set-state', { name, action: verb, mode });
const done = async (name: string, verb: 'evacuate' | 'restore', mode?: Mode) => service.ended(await setState(name, verb, mode));
const launch = async (name: string, changes = {}) => {
  await service.ended(await service.send<LxdOperation>('instance.create', emptyInstance(name, { target: 'host1', ...changes })));
  expect(await service.ended(await service.send<LxdOperation>('instance.set-state', action(name, 'start')))).toMatchObject({ status: 'Success' });
};
const place = async (name: string) => {
  const { status, location, config } = (await service.instance(name)) as { status: string; location: string; config: Record<string, string> };
  return { status, location, origin: config['volatile.evacuate.origin'] };
};
const member = async (name: string) =>
  (await service.running.deps.pool.query<{ doc: string }>('SELECT doc FROM member_v1 WHERE name = $1', [name])).rows[0]?.doc;
const remove = async (...names: string[]) => {
  for (const name of names) {
    if ((await place(name)).status === 'Running')
      await service.ended(await service.send<LxdOperation>('instance.set-state', action(name, 'stop', { force: true })));
    await service.ended(await service.send<LxdOperation>('instance.delete', { name }));
  }
};

it('spreads a burst of instances, and says why each is where it is', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `burst${index}`);
  const operations = await Promise.all(names.map((name) => service.send<LxdOperation>('instance.create', emptyInstance(name))));
  for (const operation of operations)
    expect(await service.ended(operation)).toMatchObject({
      status: 'Success',
      metadata: { placement: expect.stringMatching(/^host\d: .* of its memory is free/) },
    });
  const lie = (await Promise.all(names.map(place))).map(({ location }) => location);
  for (const host of NAMES) expect(lie.filter((one) => one === host).length).toBeGreaterThanOrEqual(3);
  await remove(...names);
}, 60_000);

it('moves what can move, stops what stays, and brings everything back', async () => {
  await launch('runs');
  await launch('stays', { config: { 'cluster.evacuate': 'stop' } });
  await service.ended(await service.send<LxdOperation>('instance.create', emptyInstance('sleeps', { target: 'host1' })));

  expect(await done('host1', 'evacuate')).toMatchObject({ status: 'Success', err: '', location: 'host1' });
  expect(await member('host1')).toContain('"status":"Evacuated"');
  expect(await place('runs')).toMatchObject({ status: 'Running', origin: 'host1' });
  expect(await place('sleeps')).toMatchObject({ status: 'Stopped', origin: 'host1' });
  expect(await place('stays')).toEqual({ status: 'Stopped', location: 'host1', origin: undefined });
  expect([(await place('runs')).location, (await place('sleeps')).location]).not.toContain('host1');
  // Nothing is placed there, nothing starts there by itself.
  await service.ended(await service.send<LxdOperation>('instance.create', emptyInstance('new')));
  expect((await place('new')).location).not.toBe('host1');
  await expect(setState('host1', 'evacuate')).rejects.toThrow('Cluster member is already evacuated');

  expect(await done('host1', 'restore')).toMatchObject({ status: 'Success', err: '' });
  for (const name of ['runs', 'stays']) expect(await place(name)).toEqual({ status: 'Running', location: 'host1', origin: undefined });
  expect(await place('sleeps')).toEqual({ status: 'Stopped', location: 'host1', origin: undefined });
  expect((await place('new')).location).not.toBe('host1');
  await expect(setState('host1', 'restore')).rejects.toThrow('Cluster member is not evacuated');
  await remove('runs', 'stays', 'sleeps', 'new');
}, 60_000);

it('names what fails, does the rest, and goes on with it when told again', async () => {
  for (const name of ['a1', 'a2', 'a3']) await launch(name);
  const refuses = (host: FakeAgent): void => {
    host.onTask = ({ kind, body }) =>
      kind === 'instance.fetch' && body && 'instance' in body && body.instance.name === 'a2' ? { code: 'task.failed', message: 'no such luck' } : undefined;
  };
  for (const host of hosts.values()) refuses(host);
  const operation = await done('host1', 'evacuate');
  expect(operation).toMatchObject({ status: 'Failure' });
  expect(operation.err).toContain('1 instance could not leave host1');
  expect(operation.err).toContain('a2: no such luck');
  expect(await place('a2')).toEqual({ status: 'Running', location: 'host1', origin: undefined });
  expect([(await place('a1')).location, (await place('a3')).location]).not.toContain('host1');
  for (const host of hosts.values()) host.onTask = () => undefined;
  expect(await done('host1', 'evacuate')).toMatchObject({ status: 'Success' });
  expect((await place('a2')).location).not.toBe('host1');
  await done('host1', 'restore');
  for (const name of ['a1', 'a2', 'a3']) expect(await place(name)).toMatchObject({ status: 'Running', location: 'host1' });
  await remove('a1', 'a2', 'a3');
}, 60_000);

it('stops by force what does not shut down', async () => {
  await launch('deaf');
  const host = hosts.get('host1')!;
  host.onTask = ({ kind, body }) =>
    kind === 'instance.stop' && 'force' in body && !body.force ? { code: 'task.failed', message: 'it does not listen' } : undefined;
  expect(await done('host1', 'evacuate', 'stop')).toMatchObject({ status: 'Success' });
  host.onTask = () => undefined;
  expect(await place('deaf')).toMatchObject({ status: 'Stopped', location: 'host1' });
  await done('host1', 'restore');
  expect(await place('deaf')).toMatchObject({ status: 'Running', location: 'host1' });
  await remove('deaf');
}, 60_000);

it('goes on where it was when the service is started again', async () => {
  const names = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6'];
  for (const name of names) await launch(name);
  const operation = await setState('host1', 'evacuate');
  await eventually(async () => (await Promise.all(names.map(place))).some(({ location }) => location !== 'host1'), { timeoutMs: 20_000 });
  await service.close();
  service = await ServiceUnderTest.start(infrastructure);
  expect(await service.ended(operation)).toMatchObject({ status: 'Success', err: '' });
  for (const name of names) expect(await place(name)).toMatchObject({ status: 'Running', origin: 'host1' });
  expect([...hosts.get('host1')!.instances.keys()]).toEqual([]);
}, 90_000);

it.each([
  ['nobody', 'evacuate', '', 'Cluster member not found'],
  ['host1', 'restore', 'stop', 'A mode can only be given for an evacuation'],
] as const)('refuses to %s %s %s', async (name, verb, mode, sentence) => {
  await expect(setState(name, verb, mode)).rejects.toThrow(sentence);
});
