/** Instances with NICs through the whole service: what the network service is asked, and what the host is told. */
import { type BoundNic, type CommandEnvelope, type CommandReply, type InstanceCommandBody, type InstanceSpec, type LxdOperation } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { action, emptyInstance } from '../testing/bodies';
import type { FakeAgent } from '../testing/fake-agent';
import { ServiceUnderTest, startInfrastructure, type Infrastructure } from '../testing/service-under-test';

interface Ports {
  instanceId: string;
  instanceName: string;
  nics: Record<string, Record<string, string>>;
}
type Answer = (body: Ports) => CommandReply;

let infrastructure: Infrastructure;
let service: ServiceUnderTest;
let host: FakeAgent;
/** The network service: it remembers, and refuses what a test wants refused. */
const asked: { name: string; body: Ports; project: string }[] = [];
const refusals = new Map<string, Answer>();
/** The DNS service's zones by project. */
const zonesOf = new Map<string, string[]>();
const nic = { type: 'nic', network: 'blue' };
const bound = (device: string, { hwaddr = '', name = '' }: Record<string, string>): BoundNic => ({
  ifaceId: `lxd-net1-instance-x-${device}`,
  hwaddr,
  mtu: 1400,
  network: 'blue',
  guestName: name,
  addresses: ['10.0.0.2/24'],
});

beforeAll(async () => {
  infrastructure = await startInfrastructure();
  service = await ServiceUnderTest.start(infrastructure);
  host = await service.agent('host1');
  service.client.subscribe('weft.cmd.dns.zone.project-usage', {
    callback: (_error, message) => {
      const { project } = message.json<CommandEnvelope<{ project: string }>>().body;
      message.respond(JSON.stringify({ ok: true, result: { usedBy: zonesOf.get(project) ?? [] } }));
    },
  });
  service.client.subscribe('weft.cmd.network.>', {
    callback: (_error, message) => {
      const { body, meta } = message.json<CommandEnvelope<Ports>>();
      const name = message.subject.slice('weft.cmd.network.'.length);
      asked.push({ name, body, project: meta.project });
      const ports = Object.fromEntries(Object.entries(body.nics ?? {}).map(([device, config]) => [device, bound(device, config)]));
      message.respond(JSON.stringify(refusals.get(name)?.(body) ?? { ok: true, result: { ports, usedBy: [] } }));
    },
  });
}, 60_000);
afterAll(async () => {
  host.stop();
  await service.close();
  await infrastructure.postgres.stop();
  await infrastructure.broker.stop();
});
beforeEach(() => {
  asked.length = 0;
  refusals.clear();
  host.onTask = () => undefined;
});

const refuse = (name: string, message: string) => refusals.set(name, () => ({ ok: false, error: { code: 'network.invalid', message } }));
const names = () => asked.map(({ name }) => name);
const run = async (...request: Parameters<ServiceUnderTest['send']>) => service.ended(await service.send<LxdOperation>(...request));
const create = (name: string, devices: Record<string, Record<string, string>> = { eth0: nic }, changes = {}) =>
  run('instance.create', emptyInstance(name, { devices, ...changes }));
const act = (name: string, verb: Parameters<typeof action>[1], changes = {}) => run('instance.set-state', action(name, verb, changes));
const taskOf = (kind: string) => host.tasks.findLast((task) => task.kind === kind)?.body as { instance: InstanceSpec };
const update = async (name: string, devices: Record<string, Record<string, string>>) => {
  const now = (await service.instance(name)) as unknown as InstanceCommandBody<'instance.update'>;
  return run('instance.update', { ...now, name, devices });
};

it('gives ports from create to delete', async () => {
  expect(await create('c1')).toMatchObject({ status: 'Success' });
  const { config } = (await service.instance('c1')) as { config: Record<string, string> };
  expect(config).toMatchObject({ 'volatile.eth0.hwaddr': expect.stringMatching(/^00:16:3e:/), 'volatile.eth0.name': 'eth0' });
  const wanted = { eth0: { ...nic, hwaddr: config['volatile.eth0.hwaddr'], name: 'eth0' } };
  expect(asked).toMatchObject([
    { name: 'port.check', project: 'default', body: { instanceName: 'c1', nics: wanted } },
    { name: 'port.define', project: 'default', body: { instanceName: 'c1', nics: wanted } },
  ]);
  await act('c1', 'start');
  expect(asked.at(-1)).toMatchObject({ name: 'port.activate', body: { member: 'host1', nics: wanted } });
  expect(taskOf('instance.start').instance.nics).toEqual({ eth0: bound('eth0', wanted.eth0 as Record<string, string>) });
  await act('c1', 'stop', { force: true });
  expect(names().at(-1)).toBe('port.deactivate');
  await run('instance.delete', { name: 'c1' });
  expect(names().at(-1)).toBe('port.remove');
});

it('leaves nothing of an instance that the network service refuses, before or after it was written', async () => {
  refuse('port.check', 'Network not found');
  await expect(create('c2')).rejects.toThrow('Network not found');
  refusals.clear();
  refuse('port.define', 'No free address in 10.0.0.0/24');
  expect(await create('c2')).toMatchObject({ status: 'Failure', err: 'No free address in 10.0.0.0/24' });
  expect(names().at(-1)).toBe('port.remove');
  expect(await service.instance('c2')).toBeUndefined();
});

it('takes the ports back when the host cannot start the guest', async () => {
  await create('c3');
  host.onTask = ({ kind }) => (kind === 'instance.start' ? { code: 'task.failed', message: 'no bridge' } : undefined);
  expect(await act('c3', 'start')).toMatchObject({ status: 'Failure', err: 'no bridge' });
  expect(names().at(-1)).toBe('port.deactivate');
  expect(await service.instance('c3')).toMatchObject({ status: 'Stopped' });
});

it('adds, changes and removes NICs of a guest that runs', async () => {
  await create('c4', {});
  await act('c4', 'start');
  expect(asked).toEqual([]);
  expect(await update('c4', { eth0: nic })).toMatchObject({ status: 'Success' });
  expect(names()).toEqual(['port.check', 'port.activate']);
  expect(Object.keys(taskOf('instance.update').instance.nics ?? {})).toEqual(['eth0']);
  await update('c4', { eth0: { ...nic, 'security.acls': 'web' } });
  expect(asked.at(-1)).toMatchObject({ name: 'port.activate', body: { nics: { eth0: { 'security.acls': 'web' } } } });
  await update('c4', {});
  expect(asked.at(-1)).toMatchObject({ name: 'port.activate', body: { nics: {} } });
  expect(taskOf('instance.update').instance.nics).toEqual({});
  expect(Object.keys((await service.instance('c4'))!.config as object)).not.toContain('volatile.eth0.hwaddr');
});

it('a change that the host does not take leaves everything as it was', async () => {
  await create('c5');
  await act('c5', 'start');
  host.onTask = ({ kind }) => (kind === 'instance.update' ? { code: 'task.failed', message: 'no tap device' } : undefined);
  expect(await update('c5', { eth0: nic, eth1: nic })).toMatchObject({ status: 'Failure', err: 'no tap device' });
  expect(await service.instance('c5')).toMatchObject({ devices: { eth0: nic } });
  expect(asked.at(-1)).toMatchObject({ name: 'port.activate', body: { nics: { eth0: nic } } });
  expect(Object.keys(asked.at(-1)!.body.nics)).toEqual(['eth0']);
});

it('gives a stopped instance its new addresses at once', async () => {
  await create('c6');
  asked.length = 0;
  expect(await update('c6', { eth0: { ...nic, 'ipv4.address': '10.0.0.9' } })).toMatchObject({ status: 'Success' });
  expect(names()).toEqual(['port.check', 'port.define']);
});

it('releases the ports of a guest that ended by itself, before it counts as stopped', async () => {
  await create('c7');
  await act('c7', 'start');
  asked.length = 0;
  const { id } = taskOf('instance.start').instance;
  host.instances.set(id, { status: 'stopped', epoch: 1, reason: 'guest' });
  await eventually(async () => (await service.instance('c7'))?.status === 'Stopped');
  expect(asked).toMatchObject([{ name: 'port.deactivate', body: { instanceId: id } }]);
});

it('ports leave later when the network service is away at the end of the guest', async () => {
  await create('late');
  await act('late', 'start');
  refusals.set('port.deactivate', () => ({ ok: false, error: { code: 'network.unavailable', message: 'OVN is away' } }));
  expect(await act('late', 'stop', { force: true })).toMatchObject({ status: 'Success' });
  await eventually(async () => (await service.instance('late'))?.status === 'Stopped');
  // A start may not be overtaken by what is left to do for the run before.
  expect(await act('late', 'start')).toMatchObject({ status: 'Failure', err: 'OVN is away' });
  refusals.clear();
  asked.length = 0;
  await eventually(() => names().includes('port.deactivate'), { what: 'another attempt' });
  expect(await act('late', 'start')).toMatchObject({ status: 'Success' });
  expect(names().at(-1)).toBe('port.activate');
});

it('a copy gets a MAC address of its own', async () => {
  await create('c8');
  await run('instance.create', emptyInstance('c9', { source: { type: 'copy', source: 'c8' }, profiles: null }));
  const macs = await Promise.all(
    ['c8', 'c9'].map(async (name) => ((await service.instance(name)) as { config: Record<string, string> }).config['volatile.eth0.hwaddr']),
  );
  expect(new Set(macs).size).toBe(2);
  await run('instance.rename', { name: 'c9', newName: 'c10' });
  expect(asked.at(-1)).toMatchObject({ name: 'port.define', body: { instanceName: 'c10' } });
});

it('a copy that stays the same instance, as clients move it to another project, has its NICs once the source is gone', async () => {
  await create('c13');
  const source = asked.at(-1)?.body.instanceId;
  const { config } = (await service.instance('c13')) as { config: Record<string, string> };
  asked.length = 0;
  await run('instance.create', emptyInstance('c14', { config, source: { type: 'copy', source: 'c13' }, profiles: null }));
  expect(source).toBeDefined();
  expect(asked).toMatchObject([{ name: 'port.check', body: { instanceId: source, nics: { eth0: { hwaddr: config['volatile.eth0.hwaddr'] } } } }]);
  await run('instance.delete', { name: 'c13' });
  expect(await act('c14', 'start')).toMatchObject({ status: 'Success' });
  expect(asked.at(-1)).toMatchObject({ name: 'port.activate', body: { nics: { eth0: { hwaddr: config['volatile.eth0.hwaddr'] } } } });
});

it("a profile's NICs are checked for, and reach, every instance that has it", async () => {
  const root = { root: { path: '/', pool: 'default', type: 'disk' } };
  await service.send('profile.create', { name: 'web', description: '', config: {}, devices: root });
  await create('c11', {}, { profiles: ['web'] });
  await create('c12', {}, { profiles: ['web'] });
  await act('c11', 'start');
  asked.length = 0;
  refusals.set('port.check', ({ instanceName }) =>
    instanceName === 'c12' ? { ok: false, error: { code: 'network.invalid', message: 'c12 has no room' } } : { ok: true, result: {} },
  );
  const change = { name: 'web', mode: 'replace' as const, devices: { ...root, eth0: nic } };
  await expect(service.send('profile.update', change)).rejects.toThrow('c12 has no room');
  refusals.clear();
  asked.length = 0;
  await service.send('profile.update', change);
  await eventually(() => names().length === 5);
  expect(names().slice(3).sort()).toEqual(['port.activate', 'port.define']);
  expect(asked.slice(0, 3).map(({ name, body }) => [name, body.instanceName])).toEqual(
    expect.arrayContaining([
      ['port.check', ''],
      ['port.check', 'c11'],
      ['port.check', 'c12'],
    ]),
  );
  await eventually(() => taskOf('instance.update').instance.name === 'c11' && taskOf('instance.update').instance.nics?.eth0 !== undefined);
});

it('keeps a project that has networks, and its features', async () => {
  await service.send('project.create', { name: 'p1', description: '', config: { 'features.networks': 'true' } });
  refusals.set('network.project-usage', () => ({ ok: true, result: { usedBy: ['/1.0/networks/blue?project=p1'] } }));
  await expect(service.send('project.delete', { name: 'p1' })).rejects.toMatchObject({ code: 'project.in-use' });
  await expect(service.send('project.update', { name: 'p1', mode: 'merge', config: { 'features.networks': 'false' } })).rejects.toMatchObject({
    code: 'project.in-use',
  });
  refusals.clear();
  await service.send('project.delete', { name: 'p1' });
});

it.each(['features.networks', 'features.networks.zones'])('keeps a project that has zones by %s, and its features', async (feature) => {
  await service.send('project.create', { name: 'p2', description: '', config: { [feature]: 'true' } });
  zonesOf.set('p2', ['/1.0/network-zones/lab.example?project=p2']);
  await expect(service.send('project.delete', { name: 'p2' })).rejects.toMatchObject({ code: 'project.in-use' });
  await expect(service.send('project.rename', { name: 'p2', newName: 'p3' })).rejects.toMatchObject({ code: 'project.in-use' });
  await expect(service.send('project.update', { name: 'p2', mode: 'merge', config: { [feature]: 'false' } })).rejects.toMatchObject({ code: 'project.in-use' });
  await expect(service.send('project.update', { name: 'p2', mode: 'merge', config: { 'features.networks.zones': 'no' } })).rejects.toMatchObject({
    message: 'Features can only be changed on empty projects (changed: features.networks.zones)',
  });
  await service.send('project.update', { name: 'p2', mode: 'merge', config: { 'features.networks.zones': 'yes' } });
  zonesOf.clear();
  await service.send('project.delete', { name: 'p2' });
});

it('sees to addresses that could not be given back at once', async () => {
  await create('c13', { eth0: nic }, { ephemeral: true });
  await act('c13', 'start');
  let failures = 1;
  refusals.set('port.remove', () => (failures-- > 0 ? { ok: false, error: { code: 'network.unavailable', message: 'no OVN' } } : { ok: true, result: {} }));
  await act('c13', 'stop', { force: true });
  await eventually(() => names().filter((name) => name === 'port.remove').length === 2);
});
