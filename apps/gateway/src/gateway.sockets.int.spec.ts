import { once } from 'node:events';
import { newId, progressSubject } from '@weft/contracts';
import { openChannel } from '@weft/session';
import { eventually } from '@weft/testing';
import WebSocket from 'ws';
import { startRunningGateway, type RunningGateway } from './testing/running-gateway';
import { publishEvent, stubOperation } from './testing/stub-instance-svc';

jest.setTimeout(60_000);

/** Until the assertion holds. */
const until = (assertion: () => void, timeoutMs?: number) =>
  eventually(
    () => {
      assertion();
      return true;
    },
    { timeoutMs },
  );

interface LxdEvent {
  type: string;
  project?: string;
  metadata: { action?: string; source?: string; id?: string; status_code?: number; message?: string };
}

describe('websockets', () => {
  let gateway: RunningGateway;
  const open: WebSocket[] = [];
  beforeAll(async () => (gateway = await startRunningGateway()));
  afterEach(() => open.splice(0).forEach((socket) => socket.terminate()));
  afterAll(() => gateway.stop());

  const dial = (path: string): WebSocket => {
    const socket = new WebSocket(`ws+unix://${gateway.socket}:${path}`);
    open.push(socket);
    return socket;
  };
  const listen = async (query: string): Promise<LxdEvent[]> => {
    const socket = dial(`/1.0/events${query}`);
    const events: LxdEvent[] = [];
    socket.on('message', (data: Buffer) => events.push(JSON.parse(data.toString()) as LxdEvent));
    await once(socket, 'open');
    return events;
  };
  const refused = async (path: string): Promise<{ status: number; body: string }> => {
    const socket = dial(path);
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, NodeJS.ReadableStream & { statusCode: number }];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return { status: response.statusCode, body };
  };
  const publish = (type: string, data: Record<string, unknown>, project?: string) => publishEvent(gateway.nc, type, data, project);

  it('sends lifecycle, operation and logging events of the project', async () => {
    const events = await listen('');
    const id = newId();
    publish('InstanceStarted', { name: 'other', project: 'p1' }, 'p1');
    publish('InstanceStarted', { name: 'c1', project: 'default' });
    publish('OperationCompleted', { id, project: 'default', operation: stubOperation(id, { status: 'Success', status_code: 200 }) });
    await gateway.call('GET', '/1.0');
    await until(() => expect(new Set(events.map(({ type }) => type)).size).toBe(3));
    expect(events.find(({ type }) => type === 'lifecycle')).toEqual({
      type: 'lifecycle',
      timestamp: '2026-01-01T00:00:00.000Z',
      metadata: { action: 'instance-started', source: '/1.0/instances/c1', requestor: { username: 'f00', protocol: 'tls', address: '10.0.0.1:5' } },
      location: 'none',
      project: 'default',
    });
    expect(events.find(({ type }) => type === 'operation')).toMatchObject({ metadata: { id, status_code: 200 }, project: 'default' });
    expect(events.find(({ type }) => type === 'logging')).not.toHaveProperty('project');
  });

  it('sends only what was asked for', async () => {
    const [lifecycle, all] = await Promise.all([listen('?type=lifecycle&project=p1'), listen('?all-projects=true&type=lifecycle,operation')]);
    publish('InstanceStarted', { name: 'c1', project: 'default' });
    publish('InstanceStopped', { name: 'pc1', project: 'p1', reason: 'requested' }, 'p1');
    gateway.nc.publish(progressSubject('p1', 'x'), JSON.stringify(stubOperation(newId(), { metadata: { fs_progress: '5%' } })));
    await until(() => expect(all).toHaveLength(3));
    expect(lifecycle.map(({ metadata }) => metadata.action)).toEqual(['instance-stopped']);
    expect(all.map(({ project }) => project)).toEqual(['default', 'p1', 'p1']);
  });

  it('survives messages that are no events', async () => {
    const events = await listen('?type=lifecycle');
    gateway.nc.publish('weft.event.x.y.z.1', 'not json');
    gateway.nc.publish('weft.progress.default.x', '{"id":7}');
    publish('InstanceStarted', { name: 'c1', project: 'default' });
    await until(() => expect(events).toHaveLength(1));
  });

  it('sends what ended while the broker was away', async () => {
    const events = await listen('?type=operation');
    const operation = stubOperation(newId(), { status: 'Success', status_code: 200 });
    await gateway.nats.kill9();
    await gateway.db.addOperation('default', operation);
    await gateway.nats.restart();
    await until(() => expect(events.map(({ metadata }) => metadata.id)).toContain(operation.id));
  });

  it.each([
    ['/1.0/events?type=nonsense', 400, `\\"nonsense\\" isn't a supported event type`],
    ['/1.0/events?all-projects=true&project=p1', 400, 'Cannot specify a project'],
    ['/1.0/nope', 404, 'not found'],
    [`/1.0/operations/${newId()}/websocket?secret=x`, 404, 'Operation not found'],
  ])('refuses %s in LXD’s shape', async (path, status, error) => {
    const answer = await refused(path);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(error);
  });

  it('wakes who waits for an operation, and lets others go when their time is over', async () => {
    const operation = stubOperation(newId());
    await gateway.db.addOperation('default', operation);
    expect((await gateway.call('GET', `/1.0/operations/${operation.id}/wait?timeout=0`)).json.metadata).toMatchObject({ status_code: 103 });
    const waiting = gateway.call('GET', `/1.0/operations/${operation.id}/wait?timeout=-1`);
    const ended = { ...operation, status: 'Failure', status_code: 400, err: 'no' };
    await gateway.db.addOperation('default', ended);
    publish('OperationCompleted', { id: operation.id, project: 'default', operation: ended });
    expect(await waiting).toMatchObject({ status: 200, json: { metadata: { err: 'no' } } });
  });

  describe('of an operation', () => {
    const start = async (interactive: boolean) => {
      const operation = stubOperation(newId(), { class: 'websocket' });
      await gateway.db.addOperation('default', operation);
      gateway.service.on('instance.exec', () => ({ ok: true, result: operation }));
      const { json } = await gateway.call('POST', '/1.0/instances/c1/exec', { command: ['x'], interactive, 'wait-for-websocket': true });
      const { fds } = (json.metadata as { metadata: { fds: Record<string, string> } }).metadata;
      const path = (fd: string) => `/1.0/operations/${operation.id}/websocket?secret=${fds[fd]}`;
      const agent = (channel: string) => {
        const opened = openChannel(gateway.nc, { sessionId: operation.id, channel, side: 'server', mode: channel === 'control' ? 'messages' : 'bytes' });
        return opened.on('error', () => undefined);
      };
      return { id: operation.id, path, agent };
    };

    it('refuses a wrong secret', async () => {
      const { id } = await start(false);
      expect(await refused(`/1.0/operations/${id}/websocket?secret=${'0'.repeat(64)}`)).toMatchObject({
        status: 403,
        body: expect.stringContaining('not authorized') as unknown,
      });
    });

    it('carries bytes both ways, with an empty text frame for the end', async () => {
      const { path, agent } = await start(false);
      const [stdin, stdout] = [agent('0'), agent('1')];
      const [input, output] = [dial(path('0')), dial(path('1'))];
      const frames: [string, boolean][] = [];
      output.on('message', (data: Buffer, isBinary) => frames.push([data.toString(), isBinary]));
      await Promise.all([once(input, 'open'), once(output, 'open')]);
      input.send(Buffer.from('hello'));
      input.send('');
      let received = '';
      stdin.on('data', (chunk: Buffer) => (received += chunk.toString()));
      await once(stdin, 'end');
      expect(received).toBe('hello');
      stdout.end('world');
      await until(() =>
        expect(frames).toEqual([
          ['world', true],
          ['', false],
        ]),
      );
      stdin.destroy();
    });

    it('carries more than the windows hold, and slows the sender down', async () => {
      const { path, agent } = await start(false);
      const stdout = agent('1');
      const output = dial(path('1'));
      let total = 0;
      output.on('message', (data: Buffer) => (total += data.length));
      await once(output, 'open');
      const size = 24 * 1024 * 1024;
      for (let sent = 0; sent < size; sent += 65_536) if (!stdout.write(Buffer.alloc(65_536, 7))) await once(stdout, 'drain');
      stdout.end();
      await until(() => expect(total).toBe(size), 30_000);
    });

    it('carries control messages, and tells the agent when the client leaves', async () => {
      const { path, agent } = await start(true);
      const control = agent('control');
      const socket = dial(path('control'));
      await once(socket, 'open');
      const message = '{"command":"window-resize","args":{"width":"80","height":"24"}}';
      socket.send(message);
      expect(await once(control, 'data')).toEqual([message]);
      socket.close();
      expect(await once(control, 'error')).toMatchObject([{ failure: 'aborted' }]);
    });
  });
});
