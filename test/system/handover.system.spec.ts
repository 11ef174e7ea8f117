/** Instances between two platforms: the stock client's pull, push and relay, and what is left when one of them fails. */
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@weft/testing';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

const LIMIT_MS = 400_000;

describe('two servers', () => {
  let a: Platform;
  let b: Platform;
  /** One client that both trust: `a:` and `b:`. */
  const ok = (...args: string[]) => a.ok(args);
  const refused = (...args: string[]) => a.refused(args);

  beforeAll(async () => {
    a = await startPlatform();
    b = await startPlatform();
    for (const [name, server] of Object.entries({ a, b })) {
      await server.ok(['config', 'set', 'core.trust_password', 'open sesame']);
      await ok('remote', 'add', name, `https://${server.httpsAddress}`, '--accept-certificate', '--password', 'open sesame');
    }
  }, LIMIT_MS);
  afterAll(async () => {
    await b?.stop();
    await a?.stop();
  }, LIMIT_MS);

  const names = async (server: Platform) => (await server.query<string[]>('/1.0/instances')).map((url) => url.split('/').pop()!).sort();
  const snapshots = async (server: Platform, name: string) =>
    (await server.query<string[]>(`/1.0/instances/${name}/snapshots`)).map((url) => url.split('/').pop());
  const idsOf = async (server: Platform, name: string) => ({
    uuid: (await server.query<{ config: Record<string, string> }>(`/1.0/instances/${name}`)).config['volatile.uuid'],
  });
  const running = async (server: Platform) => (await server.query<{ running?: string[] } | null>('/1.0/operations'))?.running ?? [];
  const places = ({ dir }: Platform) => join(dir, 'members', 'host1', 'instances');
  const here = (server: Platform) => readdirSync(places(server)).filter((name) => name.length === 36);

  /** "s0" in its snapshot, "now" on its disk, stopped. */
  async function withHistory(name: string, ...image: string[]): Promise<void> {
    await ok('launch', ...image, `a:${name}`);
    await holds(() => ok('exec', `a:${name}`, '--', 'true'), { timeoutMs: 120_000 });
    for (const note of ['s0', 'now']) {
      await ok('exec', `a:${name}`, '--', 'sh', '-c', `echo ${note} > /root/note && sync`);
      if (note === 's0') await ok('snapshot', `a:${name}`, note);
    }
    await ok('stop', '-f', `a:${name}`);
  }
  async function expectNote(at: string, note: string): Promise<void> {
    await ok('start', at);
    await holds(async () => expect((await ok('exec', at, '--', 'cat', '/root/note')).trim()).toBe(note), { timeoutMs: 120_000 });
    await ok('stop', '-f', at);
  }

  it(
    'a container moves (pull), with its snapshots, its configuration and its identity',
    async () => {
      await withHistory('c1', 'a:tiny');
      await ok('config', 'set', 'a:c1', 'user.color', 'blue');
      const hwaddr = await ok('config', 'get', 'a:c1', 'volatile.eth0.hwaddr');
      await ok('move', 'a:c1', 'b:');
      expect(await names(a)).toEqual([]);
      expect(here(a)).toEqual([]);
      expect(await snapshots(b, 'c1')).toEqual(['s0']);
      expect(await ok('config', 'get', 'b:c1', 'user.color')).toBe('blue\n');
      expect(await ok('config', 'get', 'b:c1', 'volatile.eth0.hwaddr')).toBe(hwaddr);
      await expectNote('b:c1', 'now');
      await ok('restore', 'b:c1', 's0');
      await expectNote('b:c1', 's0');
      for (const server of [a, b]) expect(await running(server)).toEqual([]);
    },
    LIMIT_MS,
  );

  it.each(['push', 'relay'])(
    'is copied in %s mode; the source stays',
    async (mode) => {
      await ok('copy', 'b:c1', `a:${mode}`, '--mode', mode);
      await holds(async () => expect(await running(a)).toEqual([]));
      expect(await snapshots(a, mode)).toEqual(['s0']);
      await expectNote(`a:${mode}`, 's0');
      await ok('delete', `a:${mode}`);
      expect(await names(b)).toEqual(['c1']);
    },
    LIMIT_MS,
  );

  it.each(['pull', 'push'])(
    'is refreshed (%s): what changed comes, snapshots that are gone go; what runs is not touched',
    async (mode) => {
      await ok('copy', 'b:c1', 'a:again', '--refresh', '--mode', mode);
      await ok('start', 'b:c1');
      await ok('exec', 'b:c1', '--', 'sh', '-c', `echo ${mode} > /root/note && sync`);
      await ok('snapshot', 'b:c1', mode);
      await ok('stop', '-f', 'b:c1');
      const { uuid } = await idsOf(a, 'again');
      await ok('copy', 'b:c1', 'a:again', '--refresh', '--mode', mode);
      expect(await snapshots(a, 'again')).toEqual(await snapshots(b, 'c1'));
      await expectNote('a:again', mode);
      expect((await idsOf(a, 'again')).uuid).toBe(uuid);
      await ok('delete', `b:c1/${mode}`);
      await ok('copy', 'b:c1', 'a:again', '--refresh', '--mode', mode);
      expect(await snapshots(a, 'again')).toEqual(['s0']);
      await ok('start', 'a:again');
      expect(await refused('copy', 'b:c1', 'a:again', '--refresh', '--mode', mode)).toContain('Cannot refresh a running instance');
      expect((await ok('exec', 'a:again', '--', 'cat', '/root/note')).trim()).toBe(mode);
      await ok('delete', '-f', 'a:again');
      await ok('restore', 'b:c1', 's0');
      for (const server of [a, b]) await holds(async () => expect(await running(server)).toEqual([]));
    },
    LIMIT_MS,
  );

  it(
    'goes to a server that does not have its image, without its snapshots when asked, and as one of them',
    async () => {
      await ok('image', 'delete', 'a:tiny');
      await ok('copy', 'b:c1', 'a:whole', '--instance-only');
      expect(await snapshots(a, 'whole')).toEqual([]);
      await expectNote('a:whole', 's0');
      await ok('start', 'b:c1');
      await ok('exec', 'b:c1', '--', 'sh', '-c', 'echo later > /root/note && sync');
      await ok('copy', 'b:c1/s0', 'a:early');
      await expectNote('a:early', 's0');
      await ok('delete', 'a:whole', 'a:early');
    },
    LIMIT_MS,
  );

  it(
    'what runs is refused as LXD does without CRIU; stateless, a copy is what its disk held at one moment',
    async () => {
      expect(await refused('move', 'b:c1', 'a:')).toContain("Unable to perform container live migration. CRIU isn't installed on the source server");
      await ok('copy', 'b:c1', 'a:c2', '--stateless');
      expect((await ok('list', 'b:c1', '-c', 's', '-f', 'csv')).trim()).toBe('RUNNING');
      await expectNote('a:c2', 'later');
      await ok('stop', '-f', 'b:c1');
    },
    LIMIT_MS,
  );

  it(
    'a virtual machine moves, with its snapshots',
    async () => {
      await withHistory('v1', 'a:tiny-vm', '--vm');
      await ok('move', 'a:v1', 'b:', '--mode', 'push');
      expect(await snapshots(b, 'v1')).toEqual(['s0']);
      await expectNote('b:v1', 'now');
      await ok('restore', 'b:v1', 's0');
      await expectNote('b:v1', 's0');
      await ok('delete', 'b:v1');
    },
    LIMIT_MS,
  );

  interface Operation {
    id: string;
    status: string;
    err: string;
    metadata: Record<string, string>;
  }
  const send = (name: string) => a.query<Operation>(`/1.0/instances/${name}`, { method: 'POST', data: { name: '', migration: true, live: false } });
  const ended = (server: Platform, { id }: Operation) => server.query<Operation>(`/1.0/operations/${id}/wait`);
  const pull = (name: string, { id, metadata }: Operation, change: object = {}) => {
    const certificate = readFileSync(join(a.dir, 'secrets', 'server.crt'), 'utf8');
    const source = { type: 'migration', mode: 'pull', operation: `https://${a.httpsAddress}/1.0/operations/${id}`, secrets: metadata, certificate, ...change };
    return b.query<Operation>('/1.0/instances', { method: 'POST', data: { name, type: 'container', source } });
  };
  const clean = async () => {
    for (const server of [a, b]) await holds(async () => expect(await running(server)).toEqual([]), { timeoutMs: 60_000 });
    expect(await names(b)).toEqual(['c1']);
    await holds(() => expect(here(b)).toHaveLength(1), { timeoutMs: 60_000 });
  };

  it(
    'a wrong secret, a wrong certificate and a name that is taken are refused for what they are, and nothing is left',
    async () => {
      const operation = await send('c2');
      const { control = '' } = operation.metadata;
      const wrongSecret = await ended(b, await pull('x', operation, { secrets: { control, fs: control.replace(/^./, (c) => (c === '0' ? '1' : '0')) } }));
      expect(wrongSecret).toMatchObject({ status: 'Failure', err: expect.stringContaining('not authorized') });
      expect(await ended(a, operation)).toMatchObject({ status: 'Failure' });
      const again = await send('c2');
      const certificate = readFileSync(join(b.dir, 'secrets', 'server.crt'), 'utf8');
      expect(await ended(b, await pull('x', again, { certificate }))).toMatchObject({
        status: 'Failure',
        err: expect.stringContaining('does not have the certificate'),
      });
      await a.ok(['query', '-X', 'DELETE', `/1.0/operations/${again.id}`]);
      expect(await ended(a, again)).toMatchObject({ status: 'Cancelled' });
      expect(await refused('copy', 'a:c2', 'b:c1')).toMatch(/already exists/);
      await clean();
    },
    LIMIT_MS,
  );

  /** A transfer that is long enough to be met in its middle: random bytes, which tar cannot leave out. */
  async function underWay(): Promise<{ source: Operation; sink: Operation }> {
    const source = await send('c2');
    const sink = await pull('x', source);
    await eventually(() => here(b).some((id) => existsSync(join(places(b), id, 'arriving'))), { timeoutMs: 60_000, what: 'files of the instance at the sink' });
    return { source, sink };
  }

  it(
    'whoever dies in the middle, or is cancelled: both operations end with the reason, nothing is left, and the next copy works',
    async () => {
      await ok('start', 'a:c2');
      await ok('exec', 'a:c2', '--', 'sh', '-c', 'dd if=/dev/urandom of=/root/much bs=1M count=300 2>/dev/null && sync');
      await ok('stop', '-f', 'a:c2');

      const cancelled = await underWay();
      await b.ok(['query', '-X', 'DELETE', `/1.0/operations/${cancelled.sink.id}`]);
      expect(await ended(b, cancelled.sink)).toMatchObject({ status: 'Cancelled' });
      expect(await ended(a, cancelled.source)).toMatchObject({ status: 'Failure', err: expect.stringContaining('cancelled') });
      await clean();

      const sinkDies = await underWay();
      process.kill(b.pid('agent-host1'), 'SIGKILL');
      expect(await ended(b, sinkDies.sink)).toMatchObject({ status: 'Failure', err: expect.stringContaining('restarted') });
      expect(await ended(a, sinkDies.source)).toMatchObject({ status: 'Failure', err: expect.stringContaining('lost') });
      await clean();

      const sourceDies = await underWay();
      process.kill(a.pid('agent-host1'), 'SIGKILL');
      expect(await ended(b, sourceDies.sink)).toMatchObject({ status: 'Failure', err: expect.stringContaining('lost') });
      expect(await ended(a, sourceDies.source)).toMatchObject({ status: 'Failure', err: expect.stringContaining('restarted') });
      await clean();

      await ok('copy', 'a:c2', 'b:c3');
      await expectNote('b:c3', 'later');
    },
    LIMIT_MS,
  );
});
