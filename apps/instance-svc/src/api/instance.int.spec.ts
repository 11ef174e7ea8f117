/** Instances from create to delete through the whole service: NATS in, Postgres behind, a fake host. */
import type { LxdOperation } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { action, emptyInstance } from '../testing/bodies';
import type { FakeAgent } from '../testing/fake-agent';
import { ServiceUnderTest, startInfrastructure, type Infrastructure } from '../testing/service-under-test';

let infrastructure: Infrastructure;
let service: ServiceUnderTest;
let host: FakeAgent;

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await ServiceUnderTest.start(infrastructure);
  host = await service.agent('host1');
}, 60_000);
afterAll(async () => {
  host.stop();
  await service.close();
  await infrastructure.postgres.stop();
  await infrastructure.broker.stop();
});

const create = async (name: string, changes = {}) => service.ended(await service.send<LxdOperation>('instance.create', emptyInstance(name, changes)));
const act = async (name: string, verb: Parameters<typeof action>[1], changes = {}) =>
  service.ended(await service.send<LxdOperation>('instance.set-state', action(name, verb, changes)));

it('creates, starts, freezes, stops and deletes an instance', async () => {
  const operation = await service.send<LxdOperation>('instance.create', emptyInstance('c1'));
  expect(operation).toMatchObject({ status_code: 103, description: 'Creating instance', resources: { instances: ['/1.0/instances/c1'] } });
  expect(await service.ended(operation)).toMatchObject({ status: 'Success', err: '' });
  expect(await service.instance('c1')).toMatchObject({
    status: 'Stopped',
    profiles: ['default'],
    expanded_devices: { root: { pool: 'default' } },
    snapshots: null,
    location: 'host1',
  });
  expect(await act('c1', 'start')).toMatchObject({ status: 'Success' });
  expect(await service.instance('c1')).toMatchObject({ status: 'Running', config: { 'volatile.last_state.power': 'RUNNING' } });
  await act('c1', 'freeze');
  expect(await service.instance('c1')).toMatchObject({ status: 'Frozen', status_code: 110 });
  await act('c1', 'unfreeze');
  await act('c1', 'restart', { force: true });
  expect(await service.instance('c1')).toMatchObject({ status: 'Running' });
  expect([...host.instances.values()]).toEqual([{ status: 'running', epoch: 2 }]);
  await act('c1', 'stop', { force: true });
  const deleted = await service.ended(await service.send<LxdOperation>('instance.delete', { name: 'c1' }));
  expect(deleted).toMatchObject({ status: 'Success', description: 'Deleting instance' });
  expect(await service.instance('c1')).toBeUndefined();
  expect(host.instances.size).toBe(0);
});

it.each([
  ['instance.create', emptyInstance('1bad'), 'Invalid instance name'],
  ['instance.create', emptyInstance('x1', { config: { foo: '1' } }), 'Unknown configuration key: foo'],
  ['instance.create', emptyInstance('x1', { config: { 'limits.processes': 'many' } }), 'limits.processes'],
  ['instance.create', emptyInstance('x1', { devices: { eth0: { type: 'nic' } } }), 'Missing the required "network" property'],
  ['instance.create', emptyInstance('x1', { profiles: ['nope'] }), 'Requested profile "nope" doesn\'t exist'],
  ['instance.create', emptyInstance('x1', { profiles: [] }), 'No root device'],
  ['instance.create', emptyInstance('x1', { target: 'mars' }), 'Member mars not found'],
  ['instance.create', emptyInstance('x1', { source: { type: 'image', alias: 'nope' } }), 'not found'],
  ['instance.delete', { name: 'ghost' }, 'Instance not found'],
] as const)('refuses %s %#', async (name, body, sentence) => {
  await expect(service.send(name, body as never)).rejects.toThrow(sentence);
  expect(await service.instance('x1')).toBeUndefined();
});

it('refuses a second instance of the same name, and what its status does not allow', async () => {
  await create('c2');
  await expect(service.send('instance.create', emptyInstance('c2'))).rejects.toMatchObject({ code: 'instance.exists' });
  await expect(service.send('instance.set-state', action('c2', 'stop'))).rejects.toThrow('The instance is already stopped');
  await expect(
    service.send('instance.exec', {
      name: 'c2',
      command: ['true'],
      environment: {},
      interactive: false,
      width: 0,
      height: 0,
      user: 0,
      group: 0,
      cwd: '',
      waitForWebsocket: true,
      recordOutput: false,
    }),
  ).rejects.toThrow('Instance is not running');
  await act('c2', 'start');
  await expect(service.send('instance.delete', { name: 'c2' })).rejects.toThrow('Instance is running');
  await expect(service.send('instance.set-state', action('c2', 'start'))).rejects.toThrow('The instance is already running');
});

it('takes a failed create back, and says why', async () => {
  host.onTask = (task) => (task.kind === 'instance.create' ? { code: 'disk.full', message: 'No space left on host1' } : undefined);
  expect(await create('c3')).toMatchObject({ status: 'Failure', err: 'No space left on host1' });
  host.onTask = () => undefined;
  expect(await service.instance('c3')).toBeUndefined();
  expect(host.tasks.at(-1)).toMatchObject({ kind: 'instance.delete' });
});

it("shows no more of an agent's defect than where to look for it", async () => {
  host.onTask = (task) => (task.kind === 'instance.create' ? { code: 'internal', message: "Cannot read properties of undefined (reading 'x')" } : undefined);
  expect(await create('c3')).toMatchObject({ status: 'Failure', err: 'Internal error: see the log of the agent of member host1' });
  host.onTask = () => undefined;
});

it('goes back to stopped when a start fails', async () => {
  await create('c4');
  host.onTask = (task) => (task.kind === 'instance.start' ? { code: 'instance.wrong-status', message: 'init not found' } : undefined);
  expect(await act('c4', 'start')).toMatchObject({ status: 'Failure', err: 'init not found' });
  host.onTask = () => undefined;
  expect(await service.instance('c4')).toMatchObject({ status: 'Stopped' });
  expect(await act('c4', 'start')).toMatchObject({ status: 'Success' });
});

it('answers a repeated command with the same operation, and has it done once', async () => {
  const meta = { commandId: 'b6a1f6f0-0000-4000-8000-000000000001' };
  const first = await service.send<LxdOperation>('instance.create', emptyInstance('c5'), meta);
  const second = await service.send<LxdOperation>('instance.create', emptyInstance('c5'), meta);
  expect(second.id).toBe(first.id);
  await service.ended(first);
  await expect(service.send('instance.create', emptyInstance('c6'), meta)).rejects.toMatchObject({ code: 'command.conflicting-repeat' });
});

it('snapshots, changes, restores, copies and renames', async () => {
  await create('c7', { config: { 'user.a': '1' } });
  const snap = await service.ended(await service.send<LxdOperation>('snapshot.create', { instance: 'c7', name: '', stateful: false }));
  expect(snap).toMatchObject({ status: 'Success', description: 'Snapshotting instance' });
  expect(await service.instance('c7')).toMatchObject({ snapshots: [{ name: 'snap0' }] });
  await service.send('instance.patch', { name: 'c7', config: { 'user.a': '2' } });
  expect(await service.instance('c7')).toMatchObject({ config: { 'user.a': '2' } });
  expect(await service.ended(await service.send<LxdOperation>('instance.restore', { name: 'c7', snapshot: 'snap0', stateful: false }))).toMatchObject({
    status: 'Success',
  });
  expect(await service.instance('c7')).toMatchObject({ config: { 'user.a': '1' } });
  expect(await create('c8', { source: { type: 'copy', source: 'c7' } })).toMatchObject({ status: 'Success' });
  expect(await service.instance('c8')).toMatchObject({ config: { 'user.a': '1' }, snapshots: [{ name: 'snap0' }] });
  expect(await create('c9', { source: { type: 'copy', source: 'c7/snap0' } })).toMatchObject({ status: 'Success' });
  expect(await service.instance('c9')).toMatchObject({ snapshots: null });
  await service.ended(await service.send<LxdOperation>('snapshot.rename', { instance: 'c7', name: 'snap0', newName: 'gold' }));
  expect(await service.instance('c7')).toMatchObject({ snapshots: [{ name: 'gold' }] });
  await expect(service.send('snapshot.delete', { instance: 'c7', name: 'snap0' })).rejects.toThrow('Snapshot c7/snap0 does not exist');
  await service.ended(await service.send<LxdOperation>('snapshot.delete', { instance: 'c7', name: 'gold' }));
  expect(await service.instance('c7')).toMatchObject({ snapshots: null });
  expect(await service.ended(await service.send<LxdOperation>('instance.rename', { name: 'c9', newName: 'c10' }))).toMatchObject({ status: 'Success' });
  expect(await service.instance('c10')).toMatchObject({ name: 'c10' });
  await expect(service.send('instance.rename', { name: 'c10', newName: 'c7' })).rejects.toMatchObject({ code: 'instance.exists' });
});

it('renders the instances of a changed profile again, in the same transaction', async () => {
  await service.send('profile.create', { name: 'p1', description: '', config: { 'limits.processes': '10' }, devices: {} });
  await create('c11', { profiles: ['default', 'p1'] });
  expect(await service.instance('c11')).toMatchObject({ expanded_config: { 'limits.processes': '10' } });
  await service.send('profile.update', { name: 'p1', mode: 'replace', description: '', config: { 'limits.processes': '20' }, devices: {} });
  expect(await service.instance('c11')).toMatchObject({ expanded_config: { 'limits.processes': '20' } });
  await expect(service.send('profile.delete', { name: 'p1' })).rejects.toMatchObject({ code: 'profile.in-use' });
});

it('changes the state of all instances at once', async () => {
  const operation = await service.ended(await service.send<LxdOperation>('instances.set-state', { action: 'stop', timeout: -1, force: true, stateful: false }));
  expect(operation).toMatchObject({ status: 'Success', description: 'Stopping instances' });
  const { rows } = await service.running.deps.pool.query("SELECT name FROM instance_v1 WHERE status <> 'Stopped'");
  expect(rows).toEqual([]);
});

it('follows what hosts report: a guest that ended by itself, and one that should not run', async () => {
  await create('c12');
  await act('c12', 'start');
  const id = [...host.instances].find(([, one]) => one.status === 'running')![0];
  host.instances.set(id, { status: 'stopped', epoch: 1, reason: 'guest' });
  await eventually(async () => (await service.instance('c12'))?.status === 'Stopped');
  host.instances.set(id, { status: 'running', epoch: 1 });
  await eventually(() => host.instances.get(id)?.status === 'stopped');
});

it('deletes an ephemeral instance when it stops', async () => {
  await create('c13', { ephemeral: true });
  await act('c13', 'start');
  await act('c13', 'stop', { force: true });
  expect(await service.instance('c13')).toBeUndefined();
});

it('ends an operation behind what it did: LXD sends the lifecycle event first', async () => {
  await service.ended(await service.send<LxdOperation>('instance.create', emptyInstance('ordered')));
  for (const verb of ['start', 'stop'] as const)
    await service.ended(await service.send<LxdOperation>('instance.set-state', action('ordered', verb, { force: true })));
  const { rows } = await service.running.deps.pool.query<{ type: string }>(
    `SELECT e.type FROM event e JOIN event done ON done.command_id = e.command_id AND done.type = 'OperationCompleted'
      WHERE e.type NOT LIKE 'Operation%' AND (e.tx, e.position) > (done.tx, done.position)`,
  );
  expect(rows).toEqual([]);
  const { rowCount } = await service.running.deps.pool.query(
    `SELECT FROM event e JOIN event done ON done.command_id = e.command_id AND done.type = 'OperationCompleted' WHERE e.type IN ('InstanceStarted', 'InstanceStopped')`,
  );
  expect(rowCount).toBeGreaterThan(1);
});
