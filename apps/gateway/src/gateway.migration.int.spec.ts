/** The channels of a migration between servers: this gateway at both ends, agents played by the test. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { newId, type LxdOperation } from '@weft/contracts';
import { controlOver, receiveInstance, sendInstance, type Offer } from '@weft/handover';
import { openChannel } from '@weft/session';
import { loadServerCertificate } from './http/server-certificate';
import { startRunningGateway, type RunningGateway } from './testing/running-gateway';
import { stubOperation } from './testing/stub-instance-svc';

jest.setTimeout(60_000);

const OFFER: Offer = { type: 'container', image: '', bytes: 10, snapshots: [] };

describe('a migration', () => {
  let gateway: RunningGateway;
  let certificate = '';
  beforeAll(async () => {
    gateway = await startRunningGateway();
    certificate = await readFile(join(gateway.dir, 'secrets', 'server.crt'), 'utf8');
  });
  afterEach(() => gateway.service.reset());
  afterAll(() => gateway.stop());

  const begin = async (command: string, path: string, body: object) => {
    const operation = stubOperation(newId(), { class: 'websocket' });
    await gateway.db.addOperation('default', operation);
    gateway.service.on(command, () => ({ ok: true, result: operation }));
    const { json } = await gateway.call('POST', path, body);
    return { id: operation.id, reply: json.metadata as LxdOperation };
  };
  const send = (target?: object) => begin('instance.hand-over', '/1.0/instances/c1', { migration: true, live: false, ...(target ? { target } : {}) });
  const take = (source: object) => begin('instance.create', '/1.0/instances', { name: 'c2', type: 'container', source: { type: 'migration', ...source } });
  const at = ({ id, reply }: { id: string; reply: LxdOperation }) => ({
    operation: `https://127.0.0.1:${gateway.port}/1.0/operations/${id}`,
    secrets: reply.metadata as Record<string, string>,
    certificate,
  });
  const channels = (sessionId: string) => {
    const open = (channel: string) => openChannel(gateway.nc, { sessionId, channel, side: 'server' });
    const [control, fs] = [open('migration-control'), open('migration-fs')];
    return { fs, control: controlOver(control, new AbortController().signal) };
  };
  const source = ({ id }: { id: string }, files: Buffer[]) => {
    const { control, fs } = channels(id);
    return sendInstance(control, fs, OFFER, () => Promise.resolve({ stream: Readable.from(files), done: Promise.resolve() }));
  };
  const sink = ({ id }: { id: string }) => {
    const { control, fs } = channels(id);
    const log: unknown[] = [];
    const receiver = {
      accept: (offer: Offer) => Promise.resolve(offer),
      take: async (archive: Readable) => void log.push((await buffer(archive)).length),
      commit: () => Promise.resolve(void log.push('committed')),
    };
    return { log, done: receiveInstance(control, fs, receiver) };
  };
  const MUCH = Array.from({ length: 100 }, () => Buffer.alloc(100_000, 7));

  it('is pulled: the sink calls the source; secrets reach no service', async () => {
    const from = await send();
    expect(Object.keys(from.reply.metadata ?? {})).toEqual(['control', 'fs']);
    const to = await take({ mode: 'pull', ...at(from) });
    const { done, log } = sink(to);
    await Promise.all([source(from, MUCH), done]);
    expect(log).toEqual([10_000_000, 'committed']);
    expect(JSON.stringify(gateway.service.received)).not.toMatch(/secrets|CERTIFICATE/);
  });

  it('is pushed: the source calls the sink', async () => {
    const to = await take({ mode: 'push' });
    const from = await send(at(to));
    const { done, log } = sink(to);
    await Promise.all([source(from, MUCH), done]);
    expect(log).toEqual([10_000_000, 'committed']);
  });

  it('ends for a wrong secret and a wrong certificate with the reason', async () => {
    const from = await send();
    const wrong = { ...at(from), secrets: { control: 'c'.repeat(64), fs: 'f'.repeat(64) } };
    await expect(sink(await take({ mode: 'pull', ...wrong })).done).rejects.toThrow('refuses the connection: not authorized');
    const other = await loadServerCertificate(join(gateway.dir, 'home'));
    await expect(sink(await take({ mode: 'pull', ...at(from), certificate: other.certPem })).done).rejects.toThrow('does not have the certificate');
  });

  it('that is refused at the sink ends at the source in its words', async () => {
    const from = await send();
    const to = await take({ mode: 'pull', ...at(from) });
    const { control, fs } = channels(to.id);
    const refusing = receiveInstance(control, fs, {
      accept: () => Promise.reject(new Error('no room')),
      take: () => Promise.resolve(),
      commit: () => Promise.resolve(),
    });
    await Promise.all([source(from, []), refusing].map((end) => expect(end).rejects.toThrow('no room')));
  });

  it.each([
    ['without the other server', {}],
    ['with an address that is none', { operation: 'http://x/1.0/operations/y', secrets: { control: 'c', fs: 'f' } }],
  ])('is refused %s', async (_what, given) => {
    const { status, json } = await gateway.call('POST', '/1.0/instances', { name: 'c2', source: { type: 'migration', mode: 'pull', ...given } });
    expect({ status, error: json.error }).toMatchObject({ status: 400, error: expect.stringContaining('https://<server>') });
    expect(gateway.service.received).toEqual([]);
  });
});
