/** Two replicas on the same databases: whatever reaches which of them, there is one truth, and one of them repairs. */
import { eventually } from '@weft/testing';
import { ovn } from '../testing/network-service';
import { nicOf, RunningService } from '../testing/running-service';

const NETWORKS = 8;
const PORTS = 16;

let one: RunningService;
let two: RunningService;
beforeAll(async () => {
  one = await RunningService.start();
  two = await one.replica();
}, 120_000);
afterAll(async () => {
  await two.running.close();
  await one.stop();
}, 60_000);

const either = (n: number): RunningService => (n % 2 ? one : two);
const nbctl = (...command: string[]) => one.central.nbctl(...command);
const activate = (on: RunningService, n: number, network: string) =>
  on.send('port.activate', { instanceId: `i${n}`, instanceName: `c${n}`, type: 'container', member: 'host1', nics: { eth0: nicOf(network, n) } });

it('numbers and addresses are different, whoever gives them away', async () => {
  const create = (n: number) => either(n).send('network.create', ovn(`net${n}`, { 'ipv4.address': `10.${n + 1}.0.1/24`, 'ipv6.address': 'none' }));
  await Promise.all(Array.from({ length: NETWORKS }, (_, n) => create(n)));
  await Promise.all(Array.from({ length: PORTS }, (_, n) => activate(either(n), n, 'net0')));
  const { rows } = await one.running.deps.pool.query<Record<string, number>>(
    `SELECT (SELECT count(DISTINCT number)::int FROM network WHERE name LIKE 'net%') AS numbers,
            (SELECT count(DISTINCT config ->> 'volatile.network.ipv4.address')::int FROM network WHERE name LIKE 'net%') AS external,
            (SELECT count(DISTINCT address)::int FROM port_address) AS addresses`,
  );
  expect(rows[0]).toEqual({ numbers: NETWORKS, external: NETWORKS, addresses: PORTS });
}, 60_000);

it('both sides of a pair at once, one on each, are a pair', async () => {
  const peer = { description: '', config: {}, targetProject: '' };
  const replies = await Promise.all([
    one.send('network-peer.create', { ...peer, network: 'net1', name: 'x', targetNetwork: 'net2' }),
    two.send('network-peer.create', { ...peer, network: 'net2', name: 'x', targetNetwork: 'net1' }),
  ]);
  expect(replies).toEqual(expect.arrayContaining([{ status: 'Pending' }, { status: 'Created' }]));
  expect(await nbctl('lr-route-list', await routerOf('net1'))).toContain('10.3.0.0/24');
  expect(await nbctl('lr-route-list', await routerOf('net2'))).toContain('10.2.0.0/24');
});

it('changes of one network through both end as the last one says', async () => {
  const change = (n: number) => either(n).send('network.update', { name: 'net3', mode: 'merge', config: { 'bridge.mtu': String(1300 + n) } });
  await Promise.all(Array.from({ length: 12 }, (_, n) => change(n)));
  const { rows } = await one.running.deps.pool.query<{ mtu: string }>(`SELECT config ->> 'bridge.mtu' AS mtu FROM network WHERE name = 'net3'`);
  const options = nbctl('--bare', '--columns=options', 'list', 'Logical_Router_Port', `${await routerOf('net3')}-lrp-int`);
  expect(await options).toContain(`gateway_mtu=${rows[0]!.mtu}`);
  expect(await one.events('NetworkDriftFound')).toEqual([]);
}, 60_000);

it('drift is reported once, and by the other one when the first is gone', async () => {
  await damage();
  expect(await one.events('NetworkDriftFound')).toHaveLength(1);
  const other = two;
  two = await one.replica();
  await other.running.close();
  await damage();
  await one.running.close();
  one.running = (await two.replica()).running;
  await damage();
  expect(await one.events('NetworkDriftFound')).toHaveLength(3);
}, 90_000);

const routerOf = async (name: string): Promise<string> => {
  const { rows } = await one.running.deps.pool.query<{ number: number }>('SELECT number FROM network WHERE name = $1', [name]);
  return `weft-net${rows[0]!.number}-lr`;
};

/** Takes a network's NAT away, and waits for its return and for the report of it. */
async function damage(): Promise<void> {
  const before = (await one.events('NetworkRepaired')).length;
  await nbctl('lr-nat-del', await routerOf('net4'));
  await eventually(async () => (await one.events('NetworkRepaired')).length > before, { timeoutMs: 30_000, what: 'the repair' });
  expect(await nbctl('lr-nat-list', await routerOf('net4'))).toContain('snat');
}
