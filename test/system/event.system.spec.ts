import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

interface Event {
  type: string;
  metadata: { action?: string; source?: string; status?: string; description?: string; requestor?: { username: string; protocol: string } };
}
interface Operation {
  id: string;
  description: string;
  status: string;
  status_code: number;
  err: string;
}

describe('events, operations and reads under the stock client', () => {
  let weft: Platform;
  let monitor: ChildProcess;
  const events: Event[] = [];
  beforeAll(async () => {
    weft = await startPlatform();
    monitor = spawn('lxc', ['monitor', '--format', 'json'], { env: { ...process.env, ...weft.env }, stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    monitor.stdout!.on('data', (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop()!;
      events.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as Event));
    });
    await holds(async () => {
      await weft.query('/1.0/profiles', { method: 'POST', data: { name: `probe${events.length}-${Date.now()}` } });
      expect(events.length).toBeGreaterThan(0);
    });
  }, 240_000);
  afterAll(async () => {
    monitor?.kill();
    await weft?.stop();
  }, 120_000);

  const actions = () => events.filter(({ type }) => type === 'lifecycle').map(({ metadata }) => `${metadata.action} ${metadata.source}`);

  it('shows every change of an instance as it happens, with who asked', async () => {
    await weft.ok(['launch', 'tiny', 'e1']);
    await weft.ok(['snapshot', 'e1', 's0']);
    await weft.ok(['pause', 'e1']);
    await weft.ok(['start', 'e1']);
    await weft.ok(['restart', '-f', 'e1']);
    await weft.ok(['stop', '-f', 'e1']);
    await weft.ok(['move', 'e1', 'e2']);
    await weft.ok(['config', 'set', 'e2', 'user.a=b']);
    await weft.ok(['delete', 'e2']);
    await holds(() => expect(actions()).toContain('instance-deleted /1.0/instances/e2'));
    for (const expected of [
      'instance-created /1.0/instances/e1',
      'instance-started /1.0/instances/e1',
      'instance-snapshot-created /1.0/instances/e1/snapshots/s0',
      'instance-paused /1.0/instances/e1',
      'instance-resumed /1.0/instances/e1',
      'instance-restarted /1.0/instances/e1',
      'instance-stopped /1.0/instances/e1',
      'instance-renamed /1.0/instances/e2',
      'instance-updated /1.0/instances/e2',
    ]) {
      expect(actions()).toContain(expected);
    }
    const created = events.find(({ metadata }) => metadata.action === 'instance-created')!;
    expect(created.metadata.requestor).toMatchObject({ protocol: 'unix' });
    const operations = events.filter(({ type }) => type === 'operation').map(({ metadata }) => `${metadata.description}: ${metadata.status}`);
    expect(operations).toEqual(expect.arrayContaining(['Creating instance: Running', 'Creating instance: Success', 'Starting instance: Success']));
  }, 60_000);

  it('keeps operations after their end, with their result', async () => {
    const { id } = await weft.query<Operation>('/1.0/instances', { method: 'POST', data: { name: 'op1', source: { type: 'none' } } });
    const done = await weft.query<Operation>(`/1.0/operations/${id}/wait?timeout=30`);
    expect(done).toMatchObject({ id, status: 'Success', status_code: 200 });
    const failing = await weft
      .query<Operation>('/1.0/instances/op1/state', { method: 'PUT', data: { action: 'stop', timeout: 5 } })
      .catch((error: Error) => error.message);
    if (typeof failing === 'string') expect(failing).toMatch(/not running|already stopped/i);
    else expect((await weft.query<Operation>(`/1.0/operations/${failing.id}/wait?timeout=30`)).err).toMatch(/not running|already stopped/i);
    expect((await weft.query<Operation>(`/1.0/operations/${id}`)).status).toBe('Success');
    await weft.ok(['delete', 'op1']);
    await weft.ok(['operation', 'list']);
  });

  it('filters lists', async () => {
    await weft.ok(['init', 'tiny', 'f1', '-c', 'user.role=web']);
    await weft.ok(['init', 'tiny', 'f2', '-c', 'user.role=db']);
    const names = (filter: string) =>
      weft.query<{ name: string }[]>(`/1.0/instances?recursion=1&filter=${encodeURIComponent(filter)}`).then((list) => list.map(({ name }) => name));
    expect(await names('config.user.role eq web')).toEqual(['f1']);
    expect(await names('config.user.role eq web or name eq f2')).toEqual(['f1', 'f2']);
    expect(await names('not name eq f1')).toEqual(['f2']);
    expect(await weft.ok(['list', 'user.role=db', '-c', 'n', '-f', 'csv'])).toBe('f2\n');
    expect(await weft.refused(['query', `/1.0/instances?recursion=1&filter=${encodeURIComponent('name eq')}`])).toMatch(/filter/i);
    await weft.ok(['delete', 'f1', 'f2']);
  });

  it('describes itself', async () => {
    const server = await weft.query<{ api_extensions: string[]; environment: Record<string, unknown>; auth: string }>('/1.0');
    expect(server.auth).toBe('trusted');
    expect(server.api_extensions).toContain('projects');
    const document = JSON.parse((await execa('curl', ['-s', '--unix-socket', `${weft.dir}/unix.socket`, 'http://weft/1.0/openapi.json'])).stdout) as {
      paths: object;
    };
    expect(Object.keys(document.paths)).toContain('/1.0/instances');
    expect(await weft.ok(['info', '--resources'])).toMatch(/CPU/);
  });

  it('takes an Idempotency-Key: the same request twice has one effect', async () => {
    const post = (body: string) =>
      execa('curl', [
        '-s',
        '--unix-socket',
        `${weft.dir}/unix.socket`,
        '-X',
        'POST',
        '-H',
        'Idempotency-Key: key-1',
        '-H',
        'Content-Type: application/json',
        '-d',
        body,
        'http://weft/1.0/profiles',
      ]).then(({ stdout }) => JSON.parse(stdout) as { type: string; error_code: number });
    expect((await post('{"name":"once"}')).type).toBe('sync');
    expect((await post('{"name":"once"}')).type).toBe('sync');
    expect((await post('{"name":"twice"}')).error_code).toBe(409);
  });
});
