/** Two replicas of everything and three brokers, as docker-compose.yml has them, under the stock client: any one of each may die. */
import { join } from 'node:path';
import { eventually } from '@weft/testing';
import { execa } from 'execa';
import { startCell, type Cell } from './cell';
import { holds } from './holds';

describe('a cell of replicas', () => {
  let cell: Cell;
  beforeAll(async () => {
    cell = await startCell();
    // A host is there as soon as something can be placed on it.
    await holds(() => lxc(0, 'init', '--empty', 'first-of-all'), { timeoutMs: 60_000 });
    await lxc(1, 'delete', 'first-of-all');
  }, 120_000);
  afterAll(() => cell?.stop(), 60_000);

  const env = (gateway: number) => ({ LXD_DIR: cell.gateways[gateway]!.dir, LXD_CONF: join(cell.gateways[0]!.dir, 'lxc-client') });
  const lxc = async (gateway: number, ...args: string[]): Promise<string> =>
    (await execa('lxc', args, { env: env(gateway), stdin: 'ignore', timeout: 60_000 })).stdout;

  it('trusts a client at one gateway that came in by the other, and shows what either did', async () => {
    await lxc(0, 'config', 'set', 'core.trust_password', 'open sesame');
    await lxc(0, 'remote', 'add', 'first', `https://${cell.gateways[0]!.httpsAddress}`, '--accept-certificate', '--password', 'open sesame');
    await lxc(0, 'remote', 'add', 'second', `https://${cell.gateways[1]!.httpsAddress}`, '--accept-certificate');
    await lxc(0, 'init', '--empty', 'first:c1');
    expect(await lxc(0, 'list', 'second:', '-c', 'n', '-f', 'csv')).toBe('c1');
    await lxc(0, 'delete', 'second:c1');
    expect(await lxc(0, 'list', 'first:', '-c', 'n', '-f', 'csv')).toBe('');
  });

  it('goes on when a gateway, a replica of each service and a broker die in the middle of what a client asks for', async () => {
    const victims = ['instance-svc', 'network-svc', 'dns-svc', await cell.leader(), 'gateway'];
    let made = 0;
    const making = (async () => {
      for (; made < 30; made += 1) await lxc(1, 'init', '--empty', `c${made}`);
    })();
    for (const [index, name] of victims.entries()) {
      await Promise.race([making, eventually(() => made > 2 + index * 4, { timeoutMs: 60_000, what: 'instances' })]);
      await cell.kill9(cell.processes(name)[0]!);
    }
    await making;
    expect((await lxc(1, 'list', '-c', 'n', '-f', 'csv')).split('\n')).toHaveLength(30);
    const operations = JSON.parse(await lxc(1, 'query', '/1.0/operations')) as { running?: string[] } | null;
    expect(operations?.running ?? []).toEqual([]);
  }, 180_000);

  it('still tells of every change, with two brokers of three', async () => {
    const monitor = execa('lxc', ['monitor', '--type', 'lifecycle'], { env: env(1), reject: false });
    let seen = '';
    monitor.stdout.on('data', (data: Buffer) => (seen += data.toString()));
    await eventually(
      async () => {
        await lxc(1, 'config', 'set', 'c0', 'user.beat', String(Date.now()));
        return seen.includes('instance-updated');
      },
      { timeoutMs: 60_000, what: 'an event' },
    );
    monitor.kill();
    await monitor;
  }, 90_000);
});
