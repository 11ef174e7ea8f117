import { named, operationsOn, OvnNorthbound, OvsdbClient, type Uuid } from '@weft/ovsdb';
import { TestServer } from '@weft/ovsdb/testing/ovsdb-server';
import fc from 'fast-check';
import { type DesiredState, Northbound, OWNED_TABLES } from '../index';
import { anyState } from '../testing/any-state';
import { aState } from '../testing/desired-state';
import { changedOwners, dumpNorthbound } from '../testing/northbound-dump';

const { OVN_NORTHBOUND } = OvnNorthbound;
const nb = operationsOn(OVN_NORTHBOUND);
const RUNS = 12;
const ONLY_NORTHBOUND = { until: 'northbound' } as const;

describe('the northbound database', () => {
  let server: TestServer;
  let client: OvsdbClient<OvnNorthbound.OvnNorthboundTables>;
  let northbound: Northbound;
  const theirs = new Set<Uuid>();

  beforeAll(async () => {
    server = await TestServer.create('ovn-nb.ovsschema');
    client = new OvsdbClient(OVN_NORTHBOUND, { endpoints: server.endpoint });
    northbound = await Northbound.connect({ northbound: { endpoints: server.endpoint } });
    const results = await client.transact([
      nb.insert('Logical_Switch_Port', { name: 'theirs' }, { name: 'port' }),
      nb.insert('ACL', { priority: 1, direction: 'to-lport', match: '1', action: 'allow' }, { name: 'acl' }),
      nb.insert('Logical_Switch', { name: 'their-switch', ports: [named('port')], acls: [named('acl')] }),
      nb.insert('Logical_Router', { name: 'their-router', external_ids: { lxd: 'x' } }),
      nb.insert('Address_Set', { name: 'theirs', addresses: ['10.0.0.0/8'] }),
      nb.insert('DNS', { records: { a: '10.0.0.1' } }),
    ]);
    for (const { uuid } of results) theirs.add(uuid);
  });
  afterAll(async () => {
    await Promise.all([northbound.close(), client.close()]);
    await server.stop();
  });

  const everything = (state: DesiredState) => northbound.apply({ state, scope: 'everything' }, ONLY_NORTHBOUND);
  const fromNothing = async (state: DesiredState): Promise<string[]> => {
    await everything(aState());
    await everything(state);
    return dumpNorthbound(client);
  };

  it('is the same after any sequence of changes as after building the last state from nothing; what is not ours stays', async () => {
    const property = fc.asyncProperty(fc.array(anyState, { minLength: 2, maxLength: 6 }), async (states) => {
      let before = aState();
      await everything(before);
      for (const state of states) {
        await northbound.apply({ state, scope: changedOwners(before, state) }, ONLY_NORTHBOUND);
        before = state;
      }
      expect(northbound.drift({ state: before, scope: 'everything' })).toEqual([]);
      const changed = await dumpNorthbound(client);
      expect(changed).toEqual(await fromNothing(before));
      expect(changed.filter((row) => !isOurs(row))).toHaveLength(6);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('is not written when nothing differs', async () => {
    const [state] = fc.sample(anyState, { seed: 7, numRuns: 1 }) as [DesiredState];
    await everything(state);
    const counter = async () => (await client.transact([nb.select('NB_Global', [], ['nb_cfg'])]))[0].rows[0]?.nb_cfg;
    const before = await counter();
    expect((await everything(state)).differences).toEqual([]);
    expect(await counter()).toBe(before);
  });

  it('is mended wherever it was damaged, and that it was is told', async () => {
    const damage = fc.record({ table: fc.constantFrom(...OWNED_TABLES), at: fc.nat(), how: fc.constantFrom('ids', 'labels', 'delete', 'column') });
    const property = fc.asyncProperty(anyState, fc.array(damage, { minLength: 1, maxLength: 20 }), async (state, list) => {
      const right = await fromNothing(state);
      for (const one of list) await inflict(one);
      const damaged = await dumpNorthbound(client);
      const { differences } = await everything(state);
      expect(differences.length > 0).toBe(JSON.stringify(damaged) !== JSON.stringify(right));
      expect((await dumpNorthbound(client)).filter(isOurs)).toEqual(right.filter(isOurs));
      expect(northbound.drift({ state, scope: 'everything' })).toEqual([]);
      await removeOrphans();
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  /** Does to one of our rows what a person with ovn-nbctl might. */
  async function inflict({ table, at, how }: { table: (typeof OWNED_TABLES)[number]; at: number; how: string }): Promise<void> {
    const [{ rows }] = await client.transact([nb.select(table as 'Logical_Router', [])]);
    const ours = rows.filter(({ external_ids: ids }) => 'weft:owner' in ids);
    const row = ours[at % Math.max(1, ours.length)];
    if (!row) return;
    const where = [['_uuid', '==', row._uuid]] as const;
    const one = table as 'Logical_Router';
    if (how === 'ids') await client.transact([nb.update(one, where, { external_ids: {} })]);
    if (how === 'labels') await client.transact([nb.mutate(one, where, [['external_ids', 'delete', ['weft:kind']]])]);
    if (how === 'delete') await client.transact([...(await unlink(row._uuid)), nb.delete(one, where)]).catch(ignoreReferences);
    if (how === 'column') await client.transact([nb.update(table as 'ACL', [['_uuid', '==', row._uuid]], DAMAGED[table] as never)]);
  }

  async function unlink(uuid: Uuid) {
    const parents = [
      ['Logical_Router', ['ports', 'static_routes', 'policies', 'nat']],
      ['Logical_Switch', ['ports', 'acls', 'qos_rules']],
      ['Port_Group', ['acls']],
      ['HA_Chassis_Group', ['ha_chassis']],
    ] as const;
    return parents.flatMap(([table, columns]) =>
      columns.map((column) => nb.mutate(table as 'Logical_Router', [[column as 'ports', 'includes', [uuid]]], [[column as 'ports', 'delete', [uuid]]])),
    );
  }

  /** Rows that have lost both their ids and their content are nobody's: they stay, as anything that somebody else wrote would. */
  async function removeOrphans(): Promise<void> {
    const results = await client.transact(OWNED_TABLES.map((table) => nb.select(table as 'Logical_Router', [])));
    for (const [index, table] of OWNED_TABLES.entries()) {
      const lost = results[index]!.rows.filter(({ _uuid, external_ids: ids }) => !theirs.has(_uuid) && !('weft:owner' in ids));
      for (const { _uuid } of lost) await client.transact([...(await unlink(_uuid)), nb.delete(table as 'Logical_Router', [['_uuid', '==', _uuid]])]);
    }
  }
});

const isOurs = (row: string): boolean => row.includes('weft:owner');

/** A router port holds its group: the database refuses to leave it without. */
function ignoreReferences(error: unknown): void {
  if (!/referential integrity/.test((error as Error).message)) throw error;
}

const DAMAGED: Readonly<Record<(typeof OWNED_TABLES)[number], object>> = {
  Logical_Router: { enabled: false },
  Logical_Router_Port: { mac: '00:00:00:00:00:01' },
  Logical_Router_Static_Route: { nexthop: '10.9.9.9' },
  Logical_Router_Policy: { priority: 7 },
  NAT: { external_ip: '203.0.113.1' },
  Logical_Switch: { other_config: { subnet: '10.9.0.0/16' } },
  Logical_Switch_Port: { enabled: false },
  QoS: { priority: 7 },
  ACL: { match: '0' },
  Port_Group: { name: 'renamed' },
  Address_Set: { addresses: [] },
  DHCP_Options: { options: {} },
  DNS: { records: {} },
  Load_Balancer: { vips: {} },
  HA_Chassis_Group: { name: 'renamed' },
  HA_Chassis: { priority: 7 },
};
