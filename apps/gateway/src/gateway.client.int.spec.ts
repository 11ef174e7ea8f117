/** The stock client against the gateway, over the unix socket and TLS, with stubs behind it. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { join } from 'node:path';
import { newId, type AgentVerb, type CommandReply } from '@weft/contracts';
import { openChannel, type SessionChannel } from '@weft/session';
import { startRunningGateway, type RunningGateway } from './testing/running-gateway';
import { publishEvent, stubOperation } from './testing/stub-instance-svc';

jest.setTimeout(120_000);

type AgentHandler = (body: Record<string, unknown>) => Promise<object> | object;

describe('the stock client', () => {
  let gateway: RunningGateway;
  const agent = new Map<AgentVerb, AgentHandler>();

  beforeAll(async () => {
    gateway = await startRunningGateway();
    await gateway.db.addInstance('default', 'c1', { status: 'Running', config: { 'user.x': 'y' } });
    await gateway.db.addInstance('default', 'c2');
    await gateway.db.addInstance('p1', 'pc1');
    gateway.nc.subscribe('weft.agent.host1.>', {
      callback: (_error, message) => {
        const { body } = message.json<{ body: Record<string, unknown> }>();
        const handler = agent.get(message.subject.split('.').slice(3).join('.') as AgentVerb);
        void Promise.resolve(handler?.(body) ?? {}).then((result) => message.respond(JSON.stringify({ ok: true, result } satisfies CommandReply)));
      },
    });
    gateway.service.on('instance.locate', () => ({ ok: true, result: { member: 'host1', status: 'Running', spec: { id: newId(), name: 'c1' } } }));
    for (const name of ['instance.set-state', 'instance.create', 'instance.delete', 'image.create']) {
      gateway.service.on(name, async ({ meta, body }) => {
        const operation = stubOperation(meta.correlationId, {
          resources: { instances: [`/1.0/instances/${String(body.name)}`] },
          metadata: name === 'image.create' ? { fingerprint: 'abc' } : null,
        });
        await gateway.db.addOperation(meta.project, { ...operation, status: 'Success', status_code: 200 });
        return { ok: true, result: operation };
      });
    }
    gateway.service.on('certificate.add', async ({ body }) => {
      if (body.password !== 'sekret') return { ok: false, error: { code: 'auth.forbidden', message: 'not authorized' } };
      await gateway.db.addCertificate(String(body.fingerprint));
      return { ok: true, result: {} };
    });
  });
  // The very first run of the client greets its user on stderr.
  beforeAll(() => gateway.lxc(['remote', 'list']));
  afterAll(() => gateway.stop());

  const ok = async (args: string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await gateway.lxc(args, input);
    if (code !== 0) throw new Error(`lxc ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const channel = (body: Record<string, unknown>, name: string, mode: 'bytes' | 'messages' = 'bytes'): SessionChannel =>
    openChannel(gateway.nc, { sessionId: String(body.sessionId), channel: name, side: 'server', mode }).on('error', () => undefined) as SessionChannel;
  const readAll = async (source: SessionChannel): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    source.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => source.once('end', resolve));
    source.end();
    return Buffer.concat(chunks);
  };

  it('lists and shows over the unix socket', async () => {
    expect(await ok(['list', '--format', 'csv', '-c', 'ns'])).toBe('c1,RUNNING\nc2,STOPPED\n');
    expect(await ok(['list', '--format', 'csv', '-c', 'n', 'status=running'])).toBe('c1\n');
    expect(await ok(['list', '--format', 'csv', '-c', 'n', '--project', 'p1'])).toBe('pc1\n');
    expect(await ok(['list', '--format', 'csv', '-c', 'en', '--all-projects'])).toBe('default,c1\ndefault,c2\np1,pc1\n');
    expect(await ok(['config', 'get', 'c1', 'user.x'])).toBe('y\n');
    expect(await ok(['info', 'c1'])).toContain('Status: RUNNING');
    expect(await ok(['profile', 'show', 'default'])).toContain('description: Default');
    expect(await ok(['storage', 'list', '--format', 'csv'])).toContain('default,dir');
  });

  it('starts an instance and waits for the operation', async () => {
    await ok(['start', 'c2']);
    expect(gateway.service.received.at(-1)).toMatchObject({ name: 'instance.set-state', envelope: { body: { name: 'c2', action: 'start' } } });
  });

  it('prints what the service says when it refuses', async () => {
    gateway.service.on('profile.create', () => ({ ok: false, error: { code: 'profile.exists', message: 'The profile "p" already exists' } }));
    expect(await gateway.lxc(['profile', 'create', 'p'])).toMatchObject({ code: 1, stderr: 'Error: The profile "p" already exists\n' });
    expect(await gateway.lxc(['info', 'nope'])).toMatchObject({ code: 1, stderr: 'Error: Instance not found\n' });
    expect(await gateway.lxc(['query', '/1.0/nope'])).toMatchObject({ code: 1, stderr: 'Error: not found\n' });
  });

  it('runs a command: input, output, both streams, exit code', async () => {
    gateway.service.on('instance.exec', async ({ meta }) => {
      const operation = stubOperation(meta.correlationId, { class: 'websocket' });
      const body = { sessionId: operation.id };
      const [stdin, stdout, stderr, control] = [channel(body, '0'), channel(body, '1'), channel(body, '2'), channel(body, 'control', 'messages')];
      await gateway.db.addOperation('default', operation);
      void (async () => {
        const input = await readAll(stdin);
        stdout.resume().end(`got ${input.toString()}`);
        stderr.resume().end('trouble');
        await Promise.all([new Promise((resolve) => stdout.once('finish', resolve)), new Promise((resolve) => stderr.once('finish', resolve))]);
        control.resume().end();
        const ended = { ...operation, status: 'Success', status_code: 200, metadata: { return: 7 } };
        await gateway.db.addOperation('default', ended);
        publishEvent(gateway.nc, 'OperationCompleted', { project: 'default', operation: ended });
      })();
      return { ok: true, result: operation };
    });
    expect(await gateway.lxc(['exec', 'c1', '--', 'cat'], 'hello')).toEqual({ code: 7, stdout: 'got hello', stderr: 'trouble' });
  });

  it('pushes and pulls files', async () => {
    let pushed: { path: unknown; uid: unknown; mode: unknown; content: string } | undefined;
    agent.set('file.put', async (body) => {
      pushed = { path: body.path, uid: body.uid, mode: body.mode, content: (await readAll(channel(body, 'data'))).toString() };
      return {};
    });
    agent.set('file.get', (body) => {
      channel(body, 'data').resume().end('from the guest');
      return { type: 'file', uid: 0, gid: 0, mode: 0o644, size: 14 };
    });
    await ok(['file', 'push', '--mode', '0600', '--uid', '7', '-', 'c1/root/h.txt'], 'to the guest');
    expect(pushed).toEqual({ path: '/root/h.txt', uid: 7, mode: 0o600, content: 'to the guest' });
    // `lxc file edit` sends neither owner nor mode: the file keeps its own.
    await gateway.call('POST', '/1.0/instances/c1/files?path=/root/h.txt', 'edited');
    expect(pushed).toEqual({ path: '/root/h.txt', uid: -1, mode: -1, content: 'edited' });
    expect(await ok(['file', 'pull', 'c1/root/h.txt', '-'])).toBe('from the guest');
  });

  it('uploads an image to the member that the service chose', async () => {
    gateway.service.on('image.choose-member', () => ({ ok: true, result: { member: 'host1' } }));
    let received = '';
    agent.set('image.receive', async (body) => {
      const names = body.split === true ? ['metadata', 'rootfs'] : ['metadata'];
      const hash = createHash('sha256');
      for (const content of await Promise.all(names.map((name) => readAll(channel(body, name))))) hash.update(content);
      received = `${String(body.filename)} ${String(body.rootfsName)} ${hash.digest('hex')}`;
      return {
        uploadId: body.uploadId,
        fingerprint: 'abc',
        sizeBytes: 1,
        type: 'container',
        architecture: 'x86_64',
        creationDate: 0,
        expiryDate: 0,
        properties: {},
      };
    });
    const [metadata, rootfs] = [randomBytes(3_000_000), Buffer.concat([Buffer.from([0x51, 0x46, 0x49, 0xfb]), randomBytes(5_000_000)])];
    const [metadataFile, rootfsFile] = [join(gateway.dir, 'meta.tar'), join(gateway.dir, 'disk.qcow2')];
    await Promise.all([writeFile(metadataFile, metadata), writeFile(rootfsFile, rootfs)]);
    const digest = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    expect(await ok(['image', 'import', metadataFile, 'os=test'])).toContain('abc');
    expect(received).toBe(`meta.tar  ${digest(metadata)}`);
    expect(gateway.service.received.at(-1)).toMatchObject({
      name: 'image.create',
      envelope: { body: { member: 'host1', filename: 'meta.tar', properties: { os: 'test' }, staged: { fingerprint: 'abc' } } },
    });
    await ok(['image', 'import', metadataFile, rootfsFile]);
    expect(received).toBe(`meta.tar disk.qcow2 ${digest(metadata, rootfs)}`);
  });

  it('is trusted over TLS after the password, and not before', async () => {
    const url = `https://127.0.0.1:${gateway.port}`;
    expect(await gateway.lxc(['remote', 'add', 'bad', url, '--accept-certificate', '--password', 'wrong'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Error: not authorized') as unknown,
    });
    await ok(['remote', 'add', 'weft', url, '--accept-certificate', '--password', 'sekret']);
    expect(await ok(['list', 'weft:', '--format', 'csv', '-c', 'n'])).toBe('c1\nc2\n');
    await ok(['start', 'weft:c2']);
    expect(gateway.service.received.at(-1)).toMatchObject({
      envelope: { meta: { actor: { protocol: 'tls', username: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, projects: null } } },
    });
  });

  it('keeps a restricted certificate to its projects at once', async () => {
    await gateway.db.client.query(`update instance.certificate_v1 set restricted = true, projects = '{p1}'`);
    gateway.service.on('certificate.delete', () => ({ ok: true, result: {} }));
    await gateway.db.addCertificate('0'.repeat(64));
    // Any change of the trust store through this gateway forgets what it knew.
    await gateway.call('DELETE', `/1.0/certificates/${'0'.repeat(64)}`);
    expect(await gateway.lxc(['list', 'weft:'])).toMatchObject({ code: 1, stderr: 'Error: not authorized\n' });
    expect(await ok(['list', 'weft:', '--project', 'p1', '--format', 'csv', '-c', 'n'])).toBe('pc1\n');
    expect(await ok(['list', 'weft:', '--all-projects', '--format', 'csv', '-c', 'n'])).toBe('pc1\n');
    expect(await ok(['project', 'list', 'weft:', '--format', 'csv'])).toMatch(/^p1,/);
    expect(await gateway.lxc(['project', 'create', 'weft:x'])).toMatchObject({ code: 1, stderr: 'Error: not authorized\n' });
    expect(await gateway.lxc(['config', 'trust', 'list', 'weft:'])).toMatchObject({ code: 1, stderr: 'Error: not authorized\n' });
  });

  it('speaks TLS 1.3 and nothing older', async () => {
    const attempt = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string>((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port: gateway.port, rejectUnauthorized: false, maxVersion }, () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.once('error', () => resolve('refused'));
      });
    expect(await attempt('TLSv1.2')).toBe('refused');
    expect(await attempt('TLSv1.3')).toBe('TLSv1.3');
  });
});
