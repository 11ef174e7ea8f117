import { once } from 'node:events';
import { connect } from 'node:net';
import { startRunningGateway, type RunningGateway } from './testing/running-gateway';
import { stubOperation } from './testing/stub-instance-svc';

jest.setTimeout(60_000);

describe('reads', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startRunningGateway();
    await gateway.db.addInstance('default', 'c1', { status: 'Running', config: { 'user.x': 'yes' } });
    await gateway.db.addInstance('default', 'c2');
    await gateway.db.addInstance('default', 'v1', { type: 'virtual-machine', status: 'Running' });
    await gateway.db.addInstance('p1', 'pc1');
  });
  afterAll(() => gateway.stop());

  const names = async (path: string): Promise<string[]> => ((await gateway.call('GET', path)).json.metadata as { name: string }[]).map(({ name }) => name);
  const get = async (path: string): Promise<unknown> => (await gateway.call('GET', path)).json.metadata;

  it('lists URLs, objects and full objects', async () => {
    expect(await get('/1.0/instances')).toEqual(['/1.0/instances/c1', '/1.0/instances/c2', '/1.0/instances/v1']);
    expect(await get('/1.0/containers')).toEqual(['/1.0/containers/c1', '/1.0/containers/c2']);
    expect(await names('/1.0/virtual-machines?recursion=1')).toEqual(['v1']);
    expect(await get('/1.0/instances?recursion=2')).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'c1', state: expect.objectContaining({ status: 'Running' }) as object })]),
    );
  });

  it('keeps projects apart, and shows all of them on request', async () => {
    expect(await get('/1.0/instances?project=p1')).toEqual(['/1.0/instances/pc1?project=p1']);
    expect(await names('/1.0/instances?recursion=1&all-projects=true')).toEqual(['c1', 'c2', 'v1', 'pc1']);
    expect((await gateway.call('GET', '/1.0/profiles?project=nope')).json).toMatchObject({ error: 'Project not found', error_code: 404 });
    expect(await get('/1.0/instances?project=nope')).toEqual([]);
  });

  it.each([
    ['', ['c1', 'c2', 'v1']],
    ['status eq running', ['c1', 'v1']],
    ['status eq running and type eq container', ['c1']],
    ['not status eq running', ['c2']],
    ['config.user.x eq YES', ['c1']],
    ['config.user.x ne yes', ['c2', 'v1']],
    ['expanded_devices.root.pool eq default and name ne c2', ['c1', 'v1']],
    ['name eq c.*', ['c1', 'c2']],
    ['ephemeral eq false and (name eq c1 or name eq v1)', ['c1', 'v1']],
    ['status_code eq 103', ['c1', 'v1']],
    ['nothing.there eq x', []],
    [`name eq "'; drop table x; --"`, []],
  ])('filters by %j', async (filter, expected) => {
    expect(await names(`/1.0/instances?recursion=1&filter=${encodeURIComponent(filter)}`)).toEqual(expected);
  });

  it('explains a filter that is wrong', async () => {
    for (const filter of ['name lt 3', 'name eq (?<x>']) {
      const { json } = await gateway.call('GET', `/1.0/instances?filter=${encodeURIComponent(filter)}`);
      if (json.type === 'error') expect(json).toMatchObject({ error_code: 400, error: expect.stringMatching(/filter/) as unknown });
      else expect(json.metadata).toEqual([]);
    }
  });

  it('gives one object with its ETag', async () => {
    const answer = await gateway.call('GET', '/1.0/instances/c1');
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"etag-c1"', 'content-type': 'application/json' } });
    expect(answer.json.metadata).toMatchObject({ name: 'c1', status: 'Running' });
    expect(answer.json.metadata).not.toHaveProperty('state');
    expect(await get('/1.0/instances/c1?recursion=1')).toHaveProperty('state');
  });

  it.each([
    ['/1.0/instances/nope', 'Instance not found'],
    ['/1.0/instances/nope/snapshots', 'Instance not found'],
    ['/1.0/instances/c1/snapshots/nope', 'Instance snapshot not found'],
    ['/1.0/profiles/nope', 'Profile not found'],
    ['/1.0/projects/nope', 'Project not found'],
    ['/1.0/images/abc', 'Image not found'],
    ["/1.0/images/x'%20or%201=1", 'Image not found'],
    ['/1.0/images/aliases/a/b', 'Image alias not found'],
    ['/1.0/operations/nope', 'Operation not found'],
    ['/1.0/certificates/abc', 'Certificate not found'],
    ['/1.0/storage-pools/nope', 'Storage pool not found'],
    ['/1.0/networks/nope', 'Network not found'],
    ['/1.0/nope', 'not found'],
    ['/2.0', 'not found'],
  ])('answers 404 in LXD’s shape for %s', async (path, error) => {
    const answer = await gateway.call('GET', path);
    expect(answer).toMatchObject({
      status: 404,
      headers: { 'x-content-type-options': 'nosniff' },
      json: { type: 'error', error, error_code: 404, metadata: null },
    });
  });

  it.each([
    ['DELETE', '/1.0', 501, 'This server does not implement DELETE /1.0'],
    ['POST', '/1.0/storage-pools?project=p1', 501, 'This server does not implement POST /1.0/storage-pools'],
    ['GET', '/1.0/instances/c1%00', 400, 'The URL must not contain NUL'],
    ['GET', '/1.0/instances?project=%00', 400, 'The URL must not contain NUL'],
  ])('refuses %s %s', async (method, path, status, error) => {
    expect(await gateway.call(method, path)).toMatchObject({ status, json: { type: 'error', error, error_code: status } });
  });

  it('shows server, resources and empty collections', async () => {
    expect(await get('/')).toEqual(['/1.0']);
    expect(await get('/1.0')).toMatchObject({
      auth: 'trusted',
      api_version: '1.0',
      config: { 'core.https_address': ':8443' },
      environment: { server: 'weft', server_name: 'test', server_clustered: false, project: 'default' },
    });
    expect(await get('/1.0/cluster')).toEqual({ server_name: '', enabled: false, member_config: [] });
    for (const empty of ['networks', 'network-acls', 'network-zones', 'warnings']) expect(await get(`/1.0/${empty}`)).toEqual([]);
    expect(await get('/1.0/projects/p1/state')).toMatchObject({ resources: { instances: { Limit: -1, Usage: 1 } } });
  });

  it('writes metrics of what runs', async () => {
    const { text, headers } = await gateway.call('GET', '/1.0/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(text).toContain('lxd_procs_total{name="c1",project="default",type="container"} 0');
    expect(text).not.toContain('name="c2"');
  });

  it('describes itself as OpenAPI', async () => {
    const { text } = await gateway.call('GET', '/1.0/openapi.json');
    const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, { requestBody?: object }>> };
    expect(paths['/1.0/profiles/{name}']?.put?.requestBody).toBeDefined();
    expect(paths['/1.0/instances/{name}/exec']?.post?.requestBody).toBeDefined();
  });

  it.each([
    ['a broken escape', 'GET /1.0/instances/%zz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['an endless name', `GET /1.0/instances/${'a'.repeat(5000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 404],
    ['an endless header', `GET /1.0 HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`, 431],
    ['no HTTP', 'hello\r\n\r\n', 400],
  ])('answers %s in LXD’s shape', async (_what, request, status) => {
    const socket = connect(gateway.socket);
    socket.on('error', () => undefined).write(request);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    const [head, body] = reply.toString().split('\r\n\r\n') as [string, string];
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(JSON.parse(body)).toMatchObject({ type: 'error', error_code: status, metadata: null });
  });

  it('finds an operation for ever, and lists it only while it runs', async () => {
    const running = stubOperation('01a20770-0000-7000-8000-000000000001');
    const old = stubOperation('01a20770-0000-7000-8000-000000000002', { status: 'Success', status_code: 200 });
    await gateway.db.addOperation('default', running);
    await gateway.db.addOperation('default', old);
    await gateway.db.client.query(`update instance.operation_v1 set updated_at = now() - interval '1 day' where id = $1`, [old.id]);
    expect(await get('/1.0/operations')).toEqual({ running: [`/1.0/operations/${running.id}`] });
    expect(await get('/1.0/operations?recursion=1')).toEqual({ running: [running] });
    expect(await get(`/1.0/operations/${old.id}`)).toEqual(old);
  });

  it('answers again after Postgres was killed', async () => {
    await gateway.postgres.kill9();
    const down = await gateway.call('GET', '/1.0/instances/c1');
    expect(down).toMatchObject({ status: 503, json: { type: 'error', error_code: 503 } });
    await gateway.postgres.restart();
    expect((await gateway.call('GET', '/1.0/instances/c1')).status).toBe(200);
  });
});
