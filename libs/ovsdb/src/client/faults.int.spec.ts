import { OvnNorthbound, OpenVSwitch, OvsdbClient, OvsdbDisconnected, operationsOn, OvsdbSchemaError } from '../index';
import { TestServer, until } from '../testing/ovsdb-server';

const { OVN_NORTHBOUND } = OvnNorthbound;
const nb = operationsOn(OVN_NORTHBOUND);

describe('faults of the server', () => {
  let server: TestServer;
  let client: OvsdbClient<OvnNorthbound.OvnNorthboundTables>;

  beforeEach(async () => {
    server = await TestServer.create();
    client = new OvsdbClient(OVN_NORTHBOUND, { endpoints: server.endpoint, probeIntervalMs: 200, backOff: { firstMs: 5, maxMs: 50 } });
  });
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  it('killed in the middle of transactions: none is half there, none that was answered is lost, the copy is right', async () => {
    const copy = await client.monitor({ Logical_Switch: true, Logical_Switch_Port: true });
    const answered = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const writes = Array.from({ length: 200 }, async (_, index) => {
        const name = `${round}-${index}`;
        const port = { named: 'port' };
        const pair = [nb.insert('Logical_Switch_Port', { name }, { name: 'port' }), nb.insert('Logical_Switch', { name, ports: [port] }), nb.commit()] as const;
        const failure = await client.transact(pair).then(
          () => void answered.add(name),
          (error: unknown) => error,
        );
        if (failure) expect(failure).toMatchObject({ constructor: OvsdbDisconnected });
      });
      const target = answered.size + 20;
      await until(() => answered.size >= target, 'some transactions are answered');
      await server.kill9();
      await server.start();
      await Promise.all(writes);
    }
    const [{ rows: switches }, { rows: ports }] = await client.transact([nb.select('Logical_Switch', []), nb.select('Logical_Switch_Port', [])]);
    expect(new Set(ports.map(({ name }) => name))).toEqual(new Set(switches.map(({ name }) => name)));
    const names = new Set(switches.map(({ name }) => name));
    expect([...answered].filter((name) => !names.has(name))).toEqual([]);
    expect(new Map([...copy.table('Logical_Switch')].sort())).toEqual(new Map(switches.map((row) => [row._uuid, row] as const).sort()));
  });

  it('hung: the client notices by itself, and comes back with it', async () => {
    await client.ready();
    const lost = new Promise<Error>((resolve) => client.onState((state) => state.status === 'waiting' && resolve(state.reason)));
    server.signal('SIGSTOP');
    expect((await lost).message).toMatch(/^echo: no answer/);
    server.signal('SIGCONT');
    await client.ready();
  });

  it('sends an empty copy after the database was made anew', async () => {
    const copy = await client.monitor({ Logical_Switch: true });
    await client.transact([nb.insert('Logical_Switch', { name: 'x' })]);
    const gone = copy.until(() => copy.table('Logical_Switch').size === 0, 30_000);
    await server.kill9();
    await server.recreate();
    await gone;
  });
});

describe('a server that lacks something', () => {
  it('is refused with what it lacks', async () => {
    const server = await TestServer.create('ovn-nb.ovsschema');
    const model = { ...OVN_NORTHBOUND, tables: { ...OVN_NORTHBOUND.tables, Future: { columns: {} } } };
    const clients = [
      new OvsdbClient(model, { endpoints: server.endpoint }),
      new OvsdbClient(OVN_NORTHBOUND, { endpoints: server.endpoint, requirements: { minVersion: '99.0.0' } }),
      new OvsdbClient(OpenVSwitch.OPEN_VSWITCH, { endpoints: server.endpoint }),
    ];
    const [table, version, database] = await Promise.all(clients.map((client) => client.ready({ timeoutMs: 500 }).catch((error: Error) => error.cause)));
    expect(table).toMatchObject({ constructor: OvsdbSchemaError, problems: ['table Future is missing'] });
    expect(version).toMatchObject({ problems: ['version 7.0.0 is older than 99.0.0'] });
    expect(database).toMatchObject({ message: 'the server has no database Open_vSwitch' });
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
  });
});
