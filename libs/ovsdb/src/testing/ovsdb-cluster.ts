import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, SCHEMAS, TestServer, until } from './ovsdb-server';

/** A real cluster of ovsdb-servers (ovsdb(7), "Clustered Database Service Model") in a directory of its own. */
export class TestCluster {
  private constructor(
    private readonly dir: string,
    readonly servers: readonly TestServer[],
    private readonly database: string,
  ) {}

  static async create(size = 3, database = 'OVN_Northbound', schema = 'ovn-nb.ovsschema'): Promise<TestCluster> {
    const dir = await mkdtemp(join(tmpdir(), 'weft-ovsdb-raft-'));
    const raft = (index: number) => `unix:${join(dir, `${index}.raft`)}`;
    const servers: TestServer[] = [];
    for (let index = 0; index < size; index++) {
      const own = join(dir, String(index));
      const file = join(own, 'db.db');
      await mkdir(own);
      if (index === 0) await run('ovsdb-tool', ['create-cluster', file, join(SCHEMAS, schema), raft(0)]);
      else await run('ovsdb-tool', ['join-cluster', file, database, raft(index), raft(0)]);
      const server = new TestServer(own, [file]);
      await server.start();
      servers.push(server);
      await until(async () => (await server.appctl('cluster/status', database)).includes('Status: cluster member'), `server ${index} is in the cluster`);
    }
    return new TestCluster(dir, servers, database);
  }

  get endpoints(): string[] {
    return this.servers.map(({ endpoint }) => endpoint);
  }

  /** The one among these servers that leads; waits until one does. */
  async leader(among: readonly TestServer[] = this.servers): Promise<TestServer> {
    let found: TestServer | undefined;
    const leads = async (server: TestServer) => (await server.appctl('cluster/status', this.database)).includes('Role: leader');
    await until(async () => {
      for (const server of among) if (await leads(server)) found = server;
      return found !== undefined;
    }, 'a server leads');
    return found!;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.dir, { recursive: true, force: true });
  }
}
