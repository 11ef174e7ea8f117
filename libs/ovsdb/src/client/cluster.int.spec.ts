import { OvnNorthbound, OvsdbClient, type OvsdbClientOptions, OvsdbDisconnected, operationsOn, OvsdbUnsuitableServer } from '../index';
import { TestCluster } from '../testing/ovsdb-cluster';
import { type TestServer, until } from '../testing/ovsdb-server';

const { OVN_NORTHBOUND } = OvnNorthbound;
const nb = operationsOn(OVN_NORTHBOUND);

describe('a cluster of three servers', () => {
  let cluster: TestCluster;
  const clients: OvsdbClient<OvnNorthbound.OvnNorthboundTables>[] = [];

  const connect = (options: Partial<OvsdbClientOptions> = {}) => {
    const client = new OvsdbClient(OVN_NORTHBOUND, { endpoints: cluster.endpoints, probeIntervalMs: 500, backOff: { firstMs: 5, maxMs: 100 }, ...options });
    clients.push(client);
    return client;
  };
  const isAt = ({ endpoint }: TestServer, client: OvsdbClient<OvnNorthbound.OvnNorthboundTables>) =>
    client.state.status === 'ready' && client.state.endpoint === endpoint;

  beforeAll(async () => {
    cluster = await TestCluster.create();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  afterAll(() => cluster.stop());

  it('is written through its leader, and followed when that one hangs and another takes over', async () => {
    const client = connect();
    await client.ready();
    const first = await cluster.leader();
    expect(isAt(first, client)).toBe(true);
    const copy = await client.monitor({ Logical_Switch: true });
    await client.transact([nb.insert('Logical_Switch', { name: 'before' })]);
    first.signal('SIGSTOP');
    const others = cluster.servers.filter((server) => server !== first);
    const second = await cluster.leader(others);
    await until(() => isAt(second, client), 'the client is at the new leader');
    await client.transact([nb.insert('Logical_Switch', { name: 'after' })]);
    expect([...copy.table('Logical_Switch').values()].map(({ name }) => name).sort()).toEqual(['after', 'before']);
    await client.transact([nb.delete('Logical_Switch', [])]);
    first.signal('SIGCONT');
  });

  it('loses nothing that was answered when its leader is killed in the middle of transactions', async () => {
    const client = connect();
    const copy = await client.monitor({ Logical_Switch: true });
    const leader = await cluster.leader();
    const answered: string[] = [];
    const writes = Array.from({ length: 200 }, async (_, index) => {
      const failure = await client.transact([nb.insert('Logical_Switch', { name: `s${index}` })]).then(
        () => void answered.push(`s${index}`),
        (error: unknown) => error,
      );
      if (failure) expect(failure).toMatchObject({ constructor: OvsdbDisconnected, outcome: 'unknown' });
    });
    await until(() => answered.length >= 20, 'some transactions are answered');
    await leader.kill9();
    await Promise.all(writes);
    await client.transact([nb.comment('through the next leader')]);
    const names = new Set([...copy.table('Logical_Switch').values()].map(({ name }) => name));
    expect(answered.filter((name) => !names.has(name))).toEqual([]);
    await leader.start();
    await client.transact([nb.delete('Logical_Switch', [])]);
  });

  it('is read from any server by those who may see the past, and a follower is refused by the others', async () => {
    const leader = await cluster.leader();
    const follower = cluster.servers.find((server) => server !== leader)!;
    const [reader, writer] = [connect({ endpoints: follower.endpoint, leaderOnly: false }), connect()];
    const copy = await reader.monitor({ Logical_Switch: true });
    await writer.transact([nb.insert('Logical_Switch', { name: 'seen' })]);
    await copy.until(() => copy.table('Logical_Switch').size === 1, 30_000);
    await reader.transact([nb.delete('Logical_Switch', [])]);
    await copy.until(() => copy.table('Logical_Switch').size === 0, 30_000);
    const strict = connect({ endpoints: follower.endpoint });
    const refusal = await strict.ready({ timeoutMs: 300 }).catch((error: Error) => error.cause);
    expect(refusal).toMatchObject({ constructor: OvsdbUnsuitableServer, message: 'the server is not the leader of OVN_Northbound' });
  });

  it('leaves a server that has lost the majority, and comes back when there is one', async () => {
    const client = connect();
    await client.ready();
    const leader = await cluster.leader();
    const others = cluster.servers.filter((server) => server !== leader);
    const left = new Promise<Error>((resolve) => client.onState((state) => state.status === 'waiting' && resolve(state.reason)));
    await Promise.all(others.map((server) => server.kill9()));
    expect(await left).toBeInstanceOf(OvsdbUnsuitableServer);
    await Promise.all(others.map((server) => server.start()));
    await client.ready({ timeoutMs: 60_000 });
    await client.transact([nb.comment('again')], { timeoutMs: 60_000 });
  });
});
