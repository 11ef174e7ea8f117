import { WeftError } from '@weft/contracts';
import { createLogger } from '@weft/platform';
import { eventually, startPostgres, type TestPostgres } from '@weft/testing';
import type { HostUplink } from '../clients/host.client';
import { startNetworkService, uplink, type NetworkService } from '../testing/network-service';
import { followHosts } from './host-uplinks';

/** Interfaces that each host has, what it was told last, and who is away. */
const interfaces: Record<string, string[]> = { host1: ['eth1', 'eth2'], host2: ['eth1'], host3: ['eth1', 'eth2'] };
const told: Record<string, readonly HostUplink[]> = {};
const away = new Set<string>(['host3']);
const starts: ((member: string) => void)[] = [];

let postgres: TestPostgres;
let service: NetworkService;
beforeAll(async () => {
  postgres = await startPostgres();
  const hosts = {
    onStart: (listener: (member: string) => void) => void starts.push(listener),
    async configureUplinks(member: string, uplinks: readonly HostUplink[]) {
      if (away.has(member)) return false;
      const missing = uplinks.find(({ parent }) => !interfaces[member]!.includes(parent));
      if (missing) throw new WeftError('device.invalid', `this host has no interface "${missing.parent}"`);
      told[member] = uplinks;
      return true;
    },
  };
  service = await startNetworkService(postgres.url, { hosts });
  for (const name of Object.keys(interfaces)) await service.pool.query('INSERT INTO member (name) VALUES ($1)', [name]);
}, 60_000);
afterAll(async () => {
  await service.close();
  await postgres.stop();
});

const create = (name: string, parent: string) => service.send('network.create', { ...uplink({ parent }), name });

it('hosts hear of an uplink with its creation; one that is away is no obstacle', async () => {
  await create('UP1', 'eth1');
  expect(told).toEqual({ host1: [{ name: 'UP1', parent: 'eth1' }], host2: [{ name: 'UP1', parent: 'eth1' }] });
});

it('an interface that a host lacks is refused, and nothing is left of it', async () => {
  await expect(create('UP2', 'eth2')).rejects.toMatchObject({
    code: 'network.invalid',
    message: 'Member "host2" cannot have network "UP2": this host has no interface "eth2"',
  });
  await expect(service.send('network.update', { name: 'UP1', mode: 'merge', config: { parent: 'eth2' } })).rejects.toMatchObject({ code: 'network.invalid' });
  expect(told['host1']).toEqual([{ name: 'UP1', parent: 'eth1' }]);
  expect(await service.doc('network_v1', { project: 'default', name: 'UP2' })).toBeUndefined();
  await expect(create('UP1', 'eth1')).rejects.toMatchObject({ code: 'network.exists' });
});

it('each member may have a parent of its own, which only it hears of', async () => {
  interfaces['host2']!.push('en9');
  const define = (target: string, parent: string) =>
    service.send('network.create', { name: 'OWN', type: 'physical', description: '', config: { parent }, target });
  await define('host1', 'eth2');
  await define('host2', 'en8');
  const shown = () => service.doc('network_v1', { project: 'default', name: 'OWN' });
  expect(await shown()).toMatchObject({ status: 'Pending', type: 'physical', config: {}, locations: ['host1', 'host2'] });
  const rest = { name: 'OWN', type: 'physical', description: '', config: { 'ipv4.gateway': '192.0.2.1/24' } };
  await expect(service.send('network.create', rest)).rejects.toMatchObject({ message: 'Network not defined on nodes: host3' });
  await expect(define('host9', 'eth1')).rejects.toMatchObject({ code: 'member.not-found' });
  await define('host3', 'eth2');
  await expect(service.send('network.create', rest)).rejects.toMatchObject({ message: expect.stringContaining('this host has no interface "en8"') });
  expect(await shown()).toMatchObject({ status: 'Errored', config: rest.config });
  expect(told['host1']).toEqual([{ name: 'UP1', parent: 'eth1' }]);
  interfaces['host2']!.push('en8');
  await service.send('network.create', { ...rest, config: {} });
  expect(await shown()).toMatchObject({ status: 'Created', config: rest.config, locations: ['host1', 'host2', 'host3'] });
  expect(await service.doc('network_member_v1', { project: 'default', name: 'OWN', member: 'host2' })).toMatchObject({
    config: { ...rest.config, parent: 'en8' },
  });
  expect([told['host1'], told['host2']].map((uplinks) => uplinks!.find(({ name }) => name === 'OWN')?.parent)).toEqual(['eth2', 'en8']);
  await service.send('network.update', { name: 'OWN', mode: 'merge', target: 'host2', config: { parent: 'en9' } });
  expect([told['host1'], told['host2']].map((uplinks) => uplinks!.find(({ name }) => name === 'OWN')?.parent)).toEqual(['eth2', 'en9']);
  await service.send('network.delete', { name: 'OWN' });
  expect(told['host2']).toEqual([{ name: 'UP1', parent: 'eth1' }]);
});

it('hosts hear of it when their agent starts, and of its end', async () => {
  const stop = followHosts(service.deps, createLogger('test', 'silent'), 3_600_000);
  away.clear();
  for (const tell of starts) tell('host3');
  await eventually(() => told['host3']?.length === 1);
  stop();
  await service.send('network.rename', { name: 'UP1', newName: 'OUT' });
  expect(told['host3']).toEqual([{ name: 'OUT', parent: 'eth1' }]);
  await service.send('network.delete', { name: 'OUT' });
  expect(Object.values(told)).toEqual([[], [], []]);
});
