import { newId } from '@weft/contracts';
import { startRunningGateway, type RunningGateway } from './testing/running-gateway';
import { stubOperation } from './testing/stub-instance-svc';

jest.setTimeout(60_000);

describe('commands', () => {
  let gateway: RunningGateway;
  beforeAll(async () => (gateway = await startRunningGateway()));
  afterAll(() => gateway.stop());
  beforeEach(() => gateway.service.reset());

  const last = () => gateway.service.received.at(-1)!;
  const asynchronous = (name: string) => gateway.service.on(name, ({ meta }) => ({ ok: true, result: stubOperation(meta.correlationId) }));

  it('sends a profile with who asked and for what', async () => {
    const answer = await gateway.call(
      'POST',
      '/1.0/profiles?project=p1',
      { name: 'web', config: null, description: 'd', devices: null },
      { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    );
    expect(answer).toMatchObject({ status: 201, headers: { location: '/1.0/profiles/web?project=p1' }, json: { type: 'sync', metadata: null } });
    expect(last()).toMatchObject({
      name: 'profile.create',
      envelope: {
        body: { name: 'web', config: {}, description: 'd', devices: {} },
        meta: {
          project: 'p1',
          actor: { protocol: 'unix', username: 'root', projects: null },
          traceparent: expect.stringContaining('4bf92f3577b34da6a3ce929d0e0e4736') as unknown,
        },
      },
    });
  });

  it('passes If-Match on without its quotes, and an ETag mismatch back', async () => {
    gateway.service.on('profile.update', () => ({ ok: false, error: { code: 'etag.mismatch', message: "ETag doesn't match: a vs b" } }));
    const answer = await gateway.call('PUT', '/1.0/profiles/web', { config: {} }, { 'if-match': '"b"' });
    expect(answer).toMatchObject({ status: 412, json: { type: 'error', error_code: 412, error: "ETag doesn't match: a vs b" } });
    expect(last().envelope.body).toMatchObject({ ifMatch: 'b', mode: 'replace', name: 'web' });
  });

  it('answers an asynchronous command with its operation', async () => {
    asynchronous('instance.create');
    const answer = await gateway.call('POST', '/1.0/instances?project=p1&target=none', { name: 'c1', source: { type: 'none' } });
    const { correlationId } = last().envelope.meta;
    const url = `/1.0/operations/${correlationId}?project=p1`;
    expect(answer).toMatchObject({ status: 202, headers: { location: url }, json: { type: 'async', operation: url, metadata: { id: correlationId } } });
    expect(last().envelope.body).toMatchObject({ name: 'c1', type: '', target: '', profiles: null, source: { type: 'none' } });
  });

  it.each([
    ['PUT', '/1.0/instances/c1', { restore: 'c1/s0' }, 'instance.restore', { name: 'c1', snapshot: 's0' }],
    ['PUT', '/1.0/instances/c1', { restore: 's0', stateful: true }, 'instance.restore', { snapshot: 's0', stateful: true }],
    ['PUT', '/1.0/instances/c1', { config: { a: 'b' } }, 'instance.update', { name: 'c1', config: { a: 'b' } }],
    ['POST', '/1.0/instances/c1', { name: 'c2' }, 'instance.rename', { name: 'c1', newName: 'c2' }],
    ['DELETE', '/1.0/instances/c1', undefined, 'instance.delete', { name: 'c1' }],
    [
      'PUT',
      '/1.0/instances/c1/state',
      { action: 'stop', timeout: -1, force: true, stateful: false },
      'instance.set-state',
      { name: 'c1', action: 'stop', timeout: -1, force: true },
    ],
    ['PUT', '/1.0/instances', { state: { action: 'start', timeout: 30, force: false } }, 'instances.set-state', { action: 'start', timeout: 30 }],
    ['POST', '/1.0/instances/c1/snapshots', { name: 's0', stateful: false, expires_at: null }, 'snapshot.create', { instance: 'c1', name: 's0' }],
    [
      'POST',
      '/1.0/instances/c1/snapshots/s0',
      { name: 's1', migration: false, target: null },
      'snapshot.rename',
      { instance: 'c1', name: 's0', newName: 's1' },
    ],
    ['DELETE', '/1.0/instances/c1/snapshots/s0', undefined, 'snapshot.delete', { instance: 'c1', name: 's0' }],
    ['POST', '/1.0/virtual-machines', { name: 'v1', source: { type: 'none' } }, 'instance.create', { type: 'virtual-machine' }],
    ['POST', '/1.0/projects/p1', { name: 'p2' }, 'project.rename', { name: 'p1', newName: 'p2' }],
  ])('%s %s %j becomes %s', async (method, path, body, name, expected) => {
    asynchronous(name);
    expect((await gateway.call(method, path, body)).status).toBe(202);
    expect(last()).toMatchObject({ name, envelope: { body: expected } });
  });

  it.each([
    ['PATCH', '/1.0/instances/c1', { config: { 'user.p': '1' } }, 'instance.patch', { name: 'c1', config: { 'user.p': '1' } }],
    ['PATCH', '/1.0/profiles/p', { description: 'x' }, 'profile.update', { mode: 'merge', description: 'x' }],
    ['DELETE', '/1.0/profiles/p', undefined, 'profile.delete', { name: 'p' }],
    [
      'PATCH',
      '/1.0',
      { config: { 'user.n': 1, 'core.trust_password': 'x', 'user.o': true } },
      'server.update',
      { mode: 'merge', config: { 'user.n': '1', 'core.trust_password': 'x', 'user.o': 'true' } },
    ],
    ['PUT', '/1.0/storage-pools/default', { config: {}, description: 'd' }, 'storage-pool.update', { name: 'default', mode: 'replace' }],
    ['DELETE', '/1.0/images/aliases/debian/12', undefined, 'image-alias.delete', { name: 'debian/12' }],
    ['DELETE', '/1.0/images/aliases/debian%2F12', undefined, 'image-alias.delete', { name: 'debian/12' }],
  ])('%s %s %j becomes %s, with an empty answer', async (method, path, body, name, expected) => {
    expect(await gateway.call(method, path, body)).toMatchObject({ status: 200, json: { type: 'sync', metadata: {} } });
    expect(last()).toMatchObject({ name, envelope: { body: expected } });
  });

  it('gives one command id to one Idempotency-Key, and a new one to every other request', async () => {
    const ids = async (key?: string) => {
      await gateway.call('DELETE', '/1.0/profiles/p', undefined, key === undefined ? {} : { 'idempotency-key': key });
      return last().envelope.meta.commandId;
    };
    expect(await ids('k1')).toBe(await ids('k1'));
    expect(new Set([await ids('k1'), await ids('k2'), await ids(), await ids()]).size).toBe(4);
    expect((await gateway.call('DELETE', '/1.0/profiles/p', undefined, { 'idempotency-key': 'x'.repeat(300) })).status).toBe(400);
  });

  it.each([
    ['malformed JSON', 'PUT', '/1.0/profiles/p', '{bad json', 400, /not JSON/],
    ['a wrong type', 'PUT', '/1.0/profiles/p', { config: { a: 1 } }, 400, /config\.a/],
    ['an unknown action', 'PUT', '/1.0/instances/c1/state', { action: 'explode' }, 400, /action/],
    ['no source', 'POST', '/1.0/instances', { name: 'c1' }, 400, /source/],
    ['an unknown instance type', 'POST', '/1.0/instances', { name: 'c1', type: 'pod', source: { type: 'none' } }, 400, /Invalid/],
    ['an empty command', 'POST', '/1.0/instances/c1/exec', { command: [] }, 400, /command/],
    ['a body that is too large', 'PUT', '/1.0/profiles/p', `"${'x'.repeat(5_000_000)}"`, 413, /larger than/],
    ['an image from elsewhere', 'POST', '/1.0/images', undefined, 501, /uploads/],
    ['an upload of a log name with a path', 'GET', '/1.0/instances/c1/logs/..%2Fx', undefined, 400, /log file/],
  ])('refuses %s without sending anything', async (_what, method, path, body, status, error) => {
    const answer = await gateway.call(method, path, body, path === '/1.0/images' ? { 'content-type': 'application/json' } : {});
    expect(answer).toMatchObject({ status, json: { type: 'error', error_code: status, error: expect.stringMatching(error) as unknown } });
    expect(gateway.service.received).toEqual([]);
  });

  it('adds secrets of exec channels to the first reply and nowhere else', async () => {
    const id = newId();
    gateway.service.on('instance.exec', async () => {
      const operation = stubOperation(id, { class: 'websocket', metadata: { command: ['ls'] } });
      await gateway.db.addOperation('default', operation);
      return { ok: true, result: operation };
    });
    const exec = (body: object) => gateway.call('POST', '/1.0/instances/c1/exec', { command: ['ls'], 'wait-for-websocket': true, ...body });
    const fds = async (body: object) => Object.keys(((await exec(body)).json.metadata as { metadata: { fds?: object } }).metadata.fds ?? {});
    expect(await fds({})).toEqual(['0', '1', '2', 'control']);
    expect(await fds({ interactive: true })).toEqual(['0', 'control']);
    expect(await fds({ 'wait-for-websocket': false })).toEqual([]);
    expect((await gateway.call('GET', `/1.0/operations/${id}`)).json.metadata).toMatchObject({ metadata: { command: ['ls'] } });
    expect((await gateway.call('GET', `/1.0/operations/${id}`)).text).not.toContain('fds');
  });

  it('waits for a service that is just being replaced', async () => {
    gateway.service.stop();
    const pending = gateway.call('DELETE', '/1.0/profiles/p');
    await gateway.nc.flush();
    const later = gateway.nc.subscribe('weft.cmd.instance.>', {
      queue: 'instance-svc',
      callback: (_error, message) => void message.respond('{"ok":true,"result":{}}'),
    });
    expect((await pending).status).toBe(200);
    later.unsubscribe();
  });

  it('answers 503 when nobody comes', async () => {
    const answer = await gateway.call('DELETE', '/1.0/profiles/p');
    expect(answer).toMatchObject({ status: 503, json: { error_code: 503, error: expect.stringContaining('instance service') as unknown } });
  });
});
