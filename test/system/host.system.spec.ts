/**
 * Hosts with the stock client: one that joins by a token and is nobody's child, images that are copied to more of them, and moves that
 * are slowed down, cancelled and given up. Containers only; virtual machines have move-limits in migration.system.spec.ts.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

const ROOT = join(__dirname, '..', '..');
const LIMIT_MS = 120_000;

interface Operation {
  id: string;
  status: string;
  err: string;
}

describe('hosts', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform({ members: 2 });
  }, 300_000);
  afterAll(() => weft?.stop(), LIMIT_MS);

  const place = async (name: string) => {
    const { status, location } = await weft.query<{ status: string; location: string }>(`/1.0/instances/${name}`);
    return `${status} ${location}`;
  };
  const states = async () =>
    Object.fromEntries((await weft.ok(['cluster', 'list', '-f', 'csv'])).split('\n').map((line) => [line.split(',')[0], line.split(',')[6]]));
  const on = (member: string, kind: 'images' | 'instances') =>
    readdirSync(join(weft.dir, 'members', member, kind)).filter((name) => /^[0-9a-f-]{36,64}$/.test(name));

  describe('a container that moves', () => {
    const BYTES = 40_000_000;
    const begin = () => weft.query<Operation>('/1.0/instances/c1?target=host2', { method: 'POST', data: { name: 'c1', migration: true, live: false } });
    const ended = ({ id }: Operation) => weft.query<Operation>(`/1.0/operations/${id}/wait`);
    const stays = async () => {
      await holds(async () => expect(await place('c1')).toBe('Running host1'));
      await holds(() => expect(on('host2', 'instances')).toEqual([]));
      expect(await weft.ok(['exec', 'c1', '--', 'cat', '/root/note'])).toBe('kept\n');
    };

    beforeAll(async () => {
      await weft.ok(['launch', 'tiny', 'c1', '--target', 'host1']);
      await weft.ok(['exec', 'c1', '--', 'sh', '-c', `echo kept > /root/note; head -c ${BYTES} /dev/urandom > /root/much`]);
    }, LIMIT_MS);

    it(
      'is cancelled by the stock client, at once however slow the link is, and stays as it is',
      async () => {
        await weft.ok(['config', 'set', 'c1', 'migration.bandwidth', '100kB']);
        const move = await begin();
        await holds(() => expect(on('host2', 'instances')).toHaveLength(1));
        await weft.ok(['operation', 'delete', move.id]);
        expect(await ended(move)).toMatchObject({ status: 'Cancelled' });
        await stays();
      },
      LIMIT_MS,
    );

    it(
      'is given up when it takes longer than it may, and says so',
      async () => {
        await weft.ok(['config', 'set', 'c1', 'migration.timeout', '2']);
        expect(await weft.refused(['move', 'c1', '--target', 'host2'])).toContain('did not finish in time');
        await stays();
        await weft.ok(['config', 'unset', 'c1', 'migration.timeout']);
      },
      LIMIT_MS,
    );

    it(
      'keeps to the bytes a second that it may use',
      async () => {
        await weft.ok(['config', 'set', 'c1', 'migration.bandwidth', '8MB']);
        const startedAt = performance.now();
        await weft.ok(['move', 'c1', '--target', 'host2']);
        expect(performance.now() - startedAt).toBeGreaterThan((1_000 * BYTES) / 8e6);
        expect(await place('c1')).toBe('Running host2');
        expect(await weft.refused(['config', 'set', 'c1', 'migration.bandwidth', 'much'])).toContain('migration.bandwidth');
        await weft.ok(['delete', '-f', 'c1']);
      },
      LIMIT_MS,
    );
  });

  it(
    'have images from each other, as many as cluster.images_minimal_replica says',
    async () => {
      expect(await weft.refused(['config', 'set', 'cluster.images_minimal_replica', '0'])).toContain('at least 1');
      await holds(() => expect([...on('host1', 'images')].sort()).toEqual([...on('host2', 'images')].sort()), { timeoutMs: LIMIT_MS });
      expect(on('host1', 'images').length).toBeGreaterThan(1);
    },
    LIMIT_MS,
  );

  describe('one that the launcher does not start', () => {
    let dir: string;
    let agent: ChildProcess | undefined;
    let identity: Record<string, string>;

    beforeAll(async () => {
      dir = mkdtempSync('/var/tmp/weft-host-');
      // Unprivileged guests must reach their own files.
      chmodSync(dir, 0o711);
      const { stdout } = await execa('bash', [join(ROOT, 'tools/bin/weft'), 'credentials', '--host', 'host9'], { env: { WEFT_DIR: weft.dir } });
      identity = Object.fromEntries([...stdout.matchAll(/^(WEFT_\w+)=(.*)$/gm)].map(([, key, value]) => [key!, value!]));
    }, LIMIT_MS);
    afterAll(async () => {
      await end();
      rmSync(dir, { recursive: true, force: true });
    });

    const log = () => (existsSync(join(dir, 'agent.log')) ? readFileSync(join(dir, 'agent.log'), 'utf8') : '');
    function start(token: string): void {
      agent = spawn('node', [join(ROOT, 'apps/host-agent/bundle/main.js')], {
        env: { ...process.env, ...identity, WEFT_DIR: dir, WEFT_DRIVERS: 'lxc', WEFT_JOIN_TOKEN: token, WEFT_MIGRATION_ADDRESS: '127.0.0.1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const file = createWriteStream(join(dir, 'agent.log'), { flags: 'a' });
      for (const stream of [agent.stdout!, agent.stderr!]) stream.pipe(file, { end: false });
    }
    async function end(): Promise<void> {
      if (!agent || agent.exitCode !== null) return;
      const gone = once(agent, 'exit');
      agent.kill('SIGTERM');
      await gone;
    }
    const invite = async () => (await weft.ok(['cluster', 'add', 'host9'])).trim().split('\n').pop()!;

    it(
      'is no member without a token, and one with it',
      async () => {
        start('no token at all');
        await holds(() => expect(log()).toContain('this host is no member of the cluster'), { timeoutMs: 60_000 });
        expect(Object.keys(await states())).not.toContain('host9');
        await end();
        start(await invite());
        await holds(async () => expect(await states()).toMatchObject({ host9: 'ONLINE' }), { timeoutMs: 60_000 });
        expect(await weft.ok(['cluster', 'list-tokens', '-f', 'csv'])).toBe('');
      },
      LIMIT_MS,
    );

    it(
      'runs instances, gives them away and comes back without a token',
      async () => {
        // It is there before it has looked what it can run.
        await holds(() => weft.ok(['launch', 'tiny', 'c9', '--target', 'host9', '--no-profiles', '-s', 'default']));
        expect(await place('c9')).toBe('Running host9');
        expect(await weft.refused(['cluster', 'remove', 'host9', '--yes'])).toContain('c9');
        await end();
        start('');
        await holds(async () => expect(await weft.ok(['exec', 'c9', '--', 'echo', 'here'])).toBe('here\n'), { timeoutMs: 60_000 });
        await weft.ok(['move', 'c9', '--target', 'host1']);
        expect(await place('c9')).toBe('Running host1');
        await weft.ok(['delete', '-f', 'c9']);
      },
      LIMIT_MS,
    );

    it(
      'is no member any more once it was removed, with or without the token that it had',
      async () => {
        await weft.ok(['cluster', 'remove', 'host9', '--yes']);
        expect(Object.keys(await states())).not.toContain('host9');
        const token = await invite();
        await weft.ok(['cluster', 'revoke-token', 'host9']);
        await end();
        rmSync(join(dir, 'agent.log'), { force: true });
        start(token);
        await holds(() => expect(log()).toContain('this host is no member of the cluster'), { timeoutMs: 60_000 });
      },
      LIMIT_MS,
    );
  });
});
