import { named, OvnNorthbound, OvsdbClient, operationsOn, OvsdbDisconnected, OvsdbTransactionError, type Uuid } from '../index';
import type { OvsdbClientOptions } from '../client/ovsdb-client';
import { type TestServer, until } from './ovsdb-server';

const { OVN_NORTHBOUND } = OvnNorthbound;
const nb = operationsOn(OVN_NORTHBOUND);

export interface ContractSubject {
  readonly server: TestServer;
  /** How the client gets there. */
  readonly connect: Pick<OvsdbClientOptions, 'endpoints' | 'tls'>;
}

/** What a client promises, over whichever transport; `setUp` starts a server with an empty northbound database. */
export function describeOvsdbClient(transport: string, setUp: () => Promise<ContractSubject>): void {
  describe(`OvsdbClient over ${transport}`, () => {
    let server: TestServer;
    let connect: ContractSubject['connect'];
    let client: OvsdbClient<OvnNorthbound.OvnNorthboundTables>;

    beforeAll(async () => {
      ({ server, connect } = await setUp());
      client = new OvsdbClient(OVN_NORTHBOUND, { ...connect, backOff: { firstMs: 5, maxMs: 50 } });
      await client.ready();
    });
    afterAll(async () => {
      await client.close();
      await server.stop();
    });

    it('lists the databases', async () => {
      expect(await client.listDatabases()).toEqual(expect.arrayContaining(['OVN_Northbound', '_Server']));
    });

    it('inserts rows that refer to each other, reads, changes and deletes them', async () => {
      const [port, network] = await client.transact([
        nb.insert(
          'Logical_Switch_Port',
          { name: 'p1', up: true, addresses: ['router', 'ünknown 🙂'], options: { a: '1', ['__proto__']: 'x' } },
          { name: 'p1' },
        ),
        nb.insert('Logical_Switch', { name: 'blue', ports: [named('p1')], external_ids: { owner: 'weft' } }),
        nb.comment('a network with a port'),
        nb.commit(),
      ]);
      const [found] = await client.transact([nb.select('Logical_Switch_Port', [['_uuid', '==', port.uuid]])]);
      expect(found.rows).toEqual([
        expect.objectContaining({ _uuid: port.uuid, name: 'p1', up: true, enabled: null, tag: null, dhcpv4_options: null, type: '' }),
      ]);
      expect([...found.rows[0]!.addresses].sort()).toEqual(['router', 'ünknown 🙂'].sort());
      expect(Object.entries(found.rows[0]!.options).sort()).toEqual([
        ['__proto__', 'x'],
        ['a', '1'],
      ]);
      const [mutated, updated] = await client.transact([
        nb.mutate(
          'Logical_Switch',
          [['name', '==', 'blue']],
          [
            ['external_ids', 'delete', ['owner']],
            ['other_config', 'insert', { subnet: '10.0.0.0/24' }],
          ],
        ),
        nb.update('Logical_Switch_Port', [['name', '==', 'p1']], { enabled: false, up: null }),
      ]);
      expect([mutated.count, updated.count]).toEqual([1, 1]);
      const [rows] = await client.transact([nb.select('Logical_Switch', [['_uuid', '==', network.uuid]], ['name', 'other_config', 'external_ids', 'ports'])]);
      expect(rows.rows).toEqual([{ name: 'blue', other_config: { subnet: '10.0.0.0/24' }, external_ids: {}, ports: [port.uuid] }]);
      const [deleted] = await client.transact([nb.delete('Logical_Switch', [['name', '==', 'blue']])]);
      expect(deleted.count).toBe(1);
      const [left] = await client.transact([nb.select('Logical_Switch_Port', [])]);
      expect(left.rows).toEqual([]);
    });

    it('keeps the operation that failed, and says when the commit did', async () => {
      const wrong = nb.wait('Logical_Switch', [['name', '==', 'nobody']], '==', [{ name: 'nobody' }], { columns: ['name'], timeoutMs: 0 });
      const waited = await client.transact([nb.comment('x'), wrong, nb.comment('y')]).catch((error: unknown) => error);
      expect(waited).toMatchObject({ constructor: OvsdbTransactionError, error: 'timed out', index: 1, operation: wrong });

      const twice = [
        nb.insert('Meter', { name: 'm', unit: 'kbps', bands: [named('b')] }, { name: 'm1' }),
        nb.insert('Meter_Band', { action: 'drop', rate: 1 }, { name: 'b' }),
      ];
      await client.transact(twice);
      const indexed = await client.transact(twice).catch((error: unknown) => error);
      expect(indexed).toMatchObject({ error: 'constraint violation', index: 2, operation: undefined });
      expect((indexed as Error).message).toMatch(/^commit: constraint violation: .*Meter/);
      await expect(client.transact([nb.abort()])).rejects.toMatchObject({ error: 'aborted', index: 0 });
    });

    it('takes identities of the client: a repeat is refused', async () => {
      const uuid = '0b5f8a36-5df8-4c7e-9c0e-1d8ad2f7f001' as Uuid;
      const insert = nb.insert('Address_Set', { name: 'as1' }, { uuid });
      const [result] = await client.transact([insert]);
      expect(result.uuid).toBe(uuid);
      await expect(client.transact([insert])).rejects.toMatchObject({ error: 'duplicate uuid', operation: insert });
    });

    it('keeps a copy that has what a transaction changed when it answers, and goes on after a crash of the server', async () => {
      const copy = await client.monitor({ Logical_Router: true, NB_Global: { columns: ['nb_cfg', 'options'] } });
      const seen: string[] = [];
      copy.onChange((changes) => {
        for (const change of changes) seen.push(`${change.table} ${change.before ? (change.after ? 'changed' : 'gone') : 'new'}`);
      });
      const [router] = await client.transact([nb.insert('Logical_Router', { name: 'r1', options: { a: '1', b: '2' } })]);
      expect(copy.table('Logical_Router').get(router.uuid)).toMatchObject({ name: 'r1', options: { a: '1', b: '2' }, enabled: null, ports: [] });
      await client.transact([nb.mutate('Logical_Router', [['_uuid', '==', router.uuid]], [['options', 'delete', { a: '1' }]])]);
      expect(copy.table('Logical_Router').get(router.uuid)?.options).toEqual({ b: '2' });
      expect(seen).toEqual(['Logical_Router new', 'Logical_Router changed']);

      const lost = new Promise((resolve) => client.onState(({ status }) => status === 'waiting' && resolve(undefined)));
      await server.kill9();
      await lost;
      expect(copy.table('Logical_Router').size).toBe(1);
      await server.start();
      await client.transact([nb.delete('Logical_Router', [['name', '==', 'r1']])]);
      expect(copy.table('Logical_Router').size).toBe(0);
      expect(seen.slice(2)).toEqual(['Logical_Router gone']);
      client.unmonitor(copy);
    });

    it('fails a request without a connection in time, and says why there is none', async () => {
      const nowhere = new OvsdbClient(OVN_NORTHBOUND, { endpoints: 'unix:/nonexistent/db.sock', backOff: { firstMs: 5, maxMs: 50 } });
      const failure = await nowhere.transact([nb.comment('x')], { timeoutMs: 200 }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ constructor: OvsdbDisconnected, outcome: 'not-sent', cause: { constructor: OvsdbDisconnected } });
      await nowhere.close();
      await expect(nowhere.ready()).rejects.toThrow(OvsdbDisconnected);
    });

    it('follows conditions that change', async () => {
      const add = (name: string) => nb.insert('DNS', { records: { [name]: '10.0.0.1' }, external_ids: { zone: name } });
      const copy = await client.monitor({ DNS: { columns: ['external_ids'], where: [['external_ids', 'includes', { zone: 'a' }]] } });
      const zones = () => [...copy.table('DNS').values()].map((row) => row.external_ids.zone).sort();
      await client.transact([add('a'), add('b'), add('c')]);
      expect(zones()).toEqual(['a']);
      await copy.changeConditions({
        DNS: [
          ['external_ids', 'includes', { zone: 'b' }],
          ['external_ids', 'includes', { zone: 'c' }],
        ],
      });
      expect(zones()).toEqual(['b', 'c']);
      client.unmonitor(copy);
    });

    it('owns a lock, loses it to a thief, and transactions that assert it fail then', async () => {
      const other = new OvsdbClient(OVN_NORTHBOUND, { ...connect });
      const [mine, theirs] = [await client.lock('northd'), await other.lock('northd')];
      expect([mine.owned, theirs.owned]).toEqual([true, false]);
      await client.transact([nb.assert('northd'), nb.comment('mine')]);
      await expect(other.transact([nb.assert('northd')])).rejects.toMatchObject({ error: 'not owner' });
      await theirs.steal();
      await until(() => !mine.owned, 'the loss is heard of');
      await mine.unlock();
      const again = await client.lock('northd');
      expect(again.owned).toBe(false);
      await other.close();
      await again.acquired(30_000);
      await again.unlock();
    });
  });
}
