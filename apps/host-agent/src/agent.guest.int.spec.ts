import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { newId, type AgentRequest, type InstanceSpec, type StagedImage } from '@weft/contracts';
import { openChannel, type SessionChannel } from '@weft/session';
import { eventually } from '@weft/testing';
import { AgentTestbed, MEMBER } from './agent.testbed';
import { metadataEntry, metadataTarball, tarball, unifiedContainer } from './images/image-samples';

jest.setTimeout(60_000);

describe('host agent: requests', () => {
  let bed: AgentTestbed;
  let instance: InstanceSpec;

  beforeAll(async () => {
    bed = await AgentTestbed.start();
    await bed.startAgent();
    instance = await bed.started({ config: { 'environment.GREETING': 'hello from config' } });
    // Refuses twice: the agent must ask again until it is acknowledged.
    bed.serveFinish((count) => (count <= 2 ? { ok: false, error: { code: 'service.unavailable', message: 'not yet' } } : { ok: true, result: {} }));
  });
  afterAll(() => bed.stop());

  const channel = (sessionId: string, name: string, mode: 'bytes' | 'messages' = 'bytes'): SessionChannel =>
    openChannel(bed.nc, { sessionId, channel: name, side: 'client', mode });
  const execRequest = (command: string[], more: Partial<AgentRequest<'exec.open'>> = {}): AgentRequest<'exec.open'> => ({
    operationId: newId(), sessionId: newId(), instance, command, environment: {}, interactive: false, width: 0, height: 0, user: 0, group: 0, cwd: '', waitForWebsocket: true, recordOutput: false, ...more,
  }); // prettier-ignore
  const ending = (operationId: string) =>
    eventually(() => bed.finished.filter((body) => body.operationId === operationId).at(-1), { what: 'the end of the operation' });

  /** What a client does: all channels, input to its end, output to its end. */
  const exec = async (request: AgentRequest<'exec.open'>, stdin = '') => {
    await bed.ask('exec.open', request);
    const control = channel(request.sessionId, 'control', 'messages');
    const [input, output, errors] = ['0', '1', '2'].map((name) => channel(request.sessionId, name));
    control.resume();
    input!.resume();
    input!.end(stdin);
    const [stdout, stderr] = await Promise.all([text(output!), text(errors!)]);
    return { stdout, stderr, ...(await ending(request.operationId)) };
  };

  describe('exec', () => {
    it('carries streams and exit code, and insists that the operation is finished', async () => {
      const result = await exec(execRequest(['sh', '-c', 'cat; echo err >&2; exit 3']), 'through stdin\n');
      expect(result).toMatchObject({ stdout: 'through stdin\n', stderr: 'err\n', metadata: { return: 3 } });
      await eventually(() => bed.finished.length >= 3, { what: 'the third attempt to finish' });
      await eventually(async () => (await readdir(join(bed.dir, 'operations'))).length === 0, { what: 'the operation to be forgotten' });
    });

    it('gives the environment that LXD gives', async () => {
      const { stdout } = await exec(execRequest(['env'], { environment: { MINE: 'yes' } }));
      expect(stdout.trim().split('\n').sort()).toEqual([
        'GREETING=hello from config',
        'HOME=/root',
        'LANG=C.UTF-8',
        'MINE=yes',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'USER=root',
      ]);
      expect((await exec(execRequest(['pwd']))).stdout).toBe('/root\n');
    });

    it('runs interactively on one channel', async () => {
      const request = execRequest(['sh'], { interactive: true, width: 80, height: 24 });
      await bed.ask('exec.open', request);
      channel(request.sessionId, 'control', 'messages').resume();
      const terminal = channel(request.sessionId, '0');
      terminal.write('echo typed\nexit 4\n');
      const [seen] = (await once(terminal, 'data')) as [Buffer];
      expect(seen.toString()).toBe('typed\n');
      expect((await ending(request.operationId)).metadata).toEqual({ return: 4 });
    });

    it('passes signals', async () => {
      const request = execRequest(['sleep', '1000']);
      await bed.ask('exec.open', request);
      const control = channel(request.sessionId, 'control', 'messages');
      ['0', '1', '2'].forEach((name) => channel(request.sessionId, name).resume().end());
      await control.attached;
      control.write(JSON.stringify({ command: 'signal', signal: 15 }));
      expect((await ending(request.operationId)).metadata).toEqual({ return: 143 });
    });

    it('kills the command of a client that breaks off', async () => {
      const request = execRequest(['sh', '-c', 'echo runs; sleep 1000']);
      await bed.ask('exec.open', request);
      const channels = [channel(request.sessionId, 'control', 'messages'), ...['0', '1', '2'].map((name) => channel(request.sessionId, name))];
      await once(channels[2]!, 'data');
      channels.forEach((one) => one.destroy());
      expect((await ending(request.operationId)).metadata).toEqual({ return: 137 });
    });

    it('records output when nobody listens, and serves it as a log', async () => {
      const request = execRequest(['sh', '-c', 'echo recorded; echo trouble >&2'], { waitForWebsocket: false, recordOutput: true });
      await bed.ask('exec.open', request);
      const [stdout, stderr] = ['stdout', 'stderr'].map((name) => `exec_${request.operationId}.${name}`);
      expect((await ending(request.operationId)).metadata).toEqual({
        return: 0,
        output: { '1': `/1.0/instances/c1/logs/${stdout}`, '2': `/1.0/instances/c1/logs/${stderr}` },
      });
      expect(await bed.ask('log.list', { instance })).toEqual({ logs: ['console.log', stderr, stdout] });
      const sessionId = newId();
      await bed.ask('log.get', { instance, sessionId, name: stdout! });
      expect(await text(channel(sessionId, 'data').resume())).toBe('recorded\n');
      await bed.ask('log.delete', { instance, name: stdout! });
      expect(await bed.request('log.delete', { instance, name: '../spec.json' })).toMatchObject({ error: { code: 'request.invalid' } });
      expect(await bed.request('log.delete', { instance, name: 'console.log' })).toMatchObject({ error: { code: 'request.invalid' } });
    });

    it('refuses a stopped instance', async () => {
      const stopped = await bed.created({ name: 'stopped' });
      expect(await bed.request('exec.open', execRequest(['true'], { instance: stopped }))).toMatchObject({
        ok: false,
        error: { code: 'instance.wrong-status' },
      });
    });

    it('ends the operations of a killed agent', async () => {
      const request = execRequest(['sleep', '1000']);
      await bed.ask('exec.open', request);
      await bed.endAgent('SIGKILL');
      await bed.startAgent();
      expect((await ending(request.operationId)).error).toMatch(/restarted/);
    });
  });

  describe('console', () => {
    it('attaches, and ends when the client detaches', async () => {
      const request = { operationId: newId(), sessionId: newId(), instance, width: 80, height: 24 };
      await bed.ask('console.open', request);
      const control = channel(request.sessionId, 'control', 'messages');
      const terminal = channel(request.sessionId, '0');
      const [greeting] = (await once(terminal, 'data')) as [Buffer];
      expect(greeting.toString()).toContain('login:');
      control.destroy();
      expect(await ending(request.operationId)).toMatchObject({ metadata: {} });
      expect((await bed.ask('console.log', { instance })).text).toContain('starts');
      await bed.ask('console.clear', { instance });
      expect(await bed.ask('console.log', { instance })).toEqual({ text: '' });
    });
  });

  describe('files', () => {
    const put = (path: string, content: string, more: Partial<AgentRequest<'file.put'>> = {}) => {
      const sessionId = newId();
      const request = bed.request('file.put', { instance, sessionId, path, type: 'file', uid: -1, gid: -1, mode: -1, write: 'overwrite', ...more });
      if (more.type === 'directory') return request;
      const data = channel(sessionId, 'data');
      data.resume().end(content);
      return request;
    };
    const get = async (path: string) => {
      const sessionId = newId();
      const reply = await bed.ask('file.get', { instance, sessionId, path });
      return { ...reply, content: reply.type === 'directory' ? undefined : await text(channel(sessionId, 'data')) };
    };

    it('pushes and pulls files, directories and links with their owners and modes', async () => {
      expect(await put('/srv', '', { type: 'directory', uid: 7, gid: 8, mode: 0o711 })).toMatchObject({ ok: true });
      expect(await put('/srv/größe', 'one', { uid: 1, gid: 2, mode: 0o600 })).toMatchObject({ ok: true });
      expect(await put('/srv/größe', ' two', { write: 'append' })).toMatchObject({ ok: true });
      expect(await put('/srv/link', '/etc/hostname', { type: 'symlink' })).toMatchObject({ ok: true });
      expect(await get('/srv/größe')).toEqual({ type: 'file', uid: 1, gid: 2, mode: 0o600, size: 7, content: 'one two' });
      expect(await get('/srv')).toMatchObject({ type: 'directory', uid: 7, gid: 8, mode: 0o711, entries: ['größe', 'link'] });
      expect(await get('/srv/link')).toMatchObject({ type: 'symlink', content: '/etc/hostname' });
      await bed.ask('file.delete', { instance, path: '/srv/link' });
      expect(await bed.request('file.get', { instance, sessionId: newId(), path: '/srv/link' })).toMatchObject({ error: { code: 'file.not-found' } });
    });

    it('keeps owner and mode of a file that is overwritten without them', async () => {
      await put('/etc/kept', 'first', { uid: 5, gid: 6, mode: 0o640 });
      await put('/etc/kept', 'second');
      expect(await get('/etc/kept')).toMatchObject({ uid: 5, gid: 6, mode: 0o640, content: 'second' });
    });

    it('refuses what is no path and what is not there', async () => {
      expect(await put('/no/such/dir/file', 'x')).toMatchObject({ error: { code: 'file.not-found' } });
      expect(await bed.request('file.delete', { instance, path: 'a\0b' })).toMatchObject({ error: { code: 'file.invalid' } });
    });
  });

  describe('images', () => {
    const upload = async (metadata: Buffer, rootfs?: Buffer) => {
      const [uploadId, sessionId] = [newId(), newId()];
      const reply = bed.request('image.receive', {
        uploadId,
        sessionId,
        split: rootfs !== undefined,
        filename: 'image.tar.gz',
        rootfsName: rootfs ? 'root.tar' : '',
      });
      const parts = [[metadata, 'metadata'] as const, ...(rootfs ? [[rootfs, 'rootfs'] as const] : [])];
      const sending = parts.map(([bytes, name]) => pipeline(Readable.from([bytes]), channel(sessionId, name).resume()).catch(() => undefined));
      const answer = await reply;
      await Promise.all(sending);
      return answer;
    };
    const commit = async (staged: StagedImage) => bed.run('image.commit', { uploadId: staged.uploadId, fingerprint: staged.fingerprint });

    it('takes an upload, makes instances of it, sends it on, deletes it', async () => {
      const bytes = await unifiedContainer();
      const reply = await upload(bytes);
      const staged = (reply.ok ? reply.result : reply.error) as unknown as StagedImage;
      expect(staged).toMatchObject({ type: 'container', sizeBytes: bytes.length });
      expect(await commit(staged)).toMatchObject({ ok: true });
      expect(await commit(staged)).toMatchObject({ ok: true });
      await eventually(() => bed.heartbeats.at(-1)?.images.includes(staged.fingerprint), { what: 'the image in a heartbeat' });
      const spec = bed.spec({ imageFingerprint: staged.fingerprint });
      expect(await bed.run('instance.create', { instance: spec, source: { kind: 'image', fingerprint: staged.fingerprint }, snapshots: {} })).toMatchObject({
        ok: true,
      });

      const sessionId = newId();
      expect(await bed.ask('image.send', { fingerprint: staged.fingerprint, sessionId })).toEqual({
        split: false,
        metadataName: `${staged.fingerprint}.tar.gz`,
        rootfsName: '',
        metadataBytes: bytes.length,
        rootfsBytes: 0,
      });
      const received: Buffer[] = [];
      for await (const chunk of channel(sessionId, 'metadata')) received.push(chunk as Buffer);
      expect(Buffer.concat(received).equals(bytes)).toBe(true);

      expect(await bed.run('image.delete', { fingerprint: staged.fingerprint })).toMatchObject({ ok: true });
      await eventually(() => bed.heartbeats.at(-1)?.images.length === 0, { what: 'the image to be gone' });
    });

    it('lets another member fetch an image, and says when nobody has it', async () => {
      const reply = await upload(await metadataTarball(), await tarball([{ name: 'bin/true', content: 'x'.repeat(300_000) }]));
      const staged = (reply.ok ? reply.result : reply.error) as unknown as StagedImage;
      await commit(staged);
      await bed.startAgent('host2');
      for (let round = 0; round < 2; round += 1) {
        const taskId = await bed.queue('image.fetch', { fingerprint: staged.fingerprint, from: MEMBER }, newId(), 'host2');
        expect(await bed.result(taskId)).toMatchObject({ ok: true });
      }
      expect(await bed.result(await bed.queue('image.fetch', { fingerprint: 'f'.repeat(64), from: MEMBER }, newId(), 'host2'))).toMatchObject({
        error: { code: 'image.not-found' },
      });
      expect(await bed.result(await bed.queue('image.fetch', { fingerprint: 'f'.repeat(64), from: 'nobody' }, newId(), 'host2'))).toMatchObject({
        error: { code: 'member.unavailable' },
      });
      await bed.endAgent('SIGTERM', 'host2');
    });

    it('takes split images', async () => {
      const reply = await upload(await metadataTarball(), await tarball([{ name: 'etc/hostname', content: 'x' }]));
      expect(reply).toMatchObject({ ok: true, result: { type: 'container' } });
    });

    it('refuses corrupt and escaping images and keeps nothing of them', async () => {
      const before = await readdir(join(bed.dir, 'uploads'));
      const escaping = await tarball([metadataEntry, { name: 'rootfs/../../../../tmp/weft-escaped', content: 'x' }]);
      for (const bad of [Buffer.from('no image'), (await unifiedContainer()).subarray(0, 150), escaping]) {
        expect(await upload(bad)).toMatchObject({ ok: false, error: { code: 'image.invalid' } });
      }
      expect(await readdir(join(bed.dir, 'uploads'))).toEqual(before);
    });
  });

  it('answers usage, resources, and what it does not know', async () => {
    expect(await bed.ask('instance.usage', { instance })).toMatchObject({ processes: 1 });
    expect(await bed.ask('resources', {})).toMatchObject({ cpu: { total: expect.any(Number) }, memory: { total: expect.any(Number) } });
    const unknown = await bed.nc.request('weft.agent.host1.no.such-verb', '{}', { timeout: 5_000 });
    expect(unknown.json()).toMatchObject({ ok: false, error: { code: 'request.unsupported' } });
    const wrapped = await bed.nc.request('weft.agent.host1.resources', JSON.stringify({ meta: {}, body: {} }), { timeout: 5_000 });
    expect(wrapped.json()).toMatchObject({ ok: true });
  });
});
