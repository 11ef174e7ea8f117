import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { newId } from '@weft/contracts';
import { startNats, type TestNats } from '@weft/testing';
import { openChannel, type ChannelOptions, type SessionChannel } from './index';

jest.setTimeout(60_000);

describe('channel over NATS', () => {
  let nats: TestNats;
  let gateway: NatsConnection;
  let agent: NatsConnection;
  const open: SessionChannel[] = [];

  beforeAll(async () => {
    nats = await startNats();
    const options = { servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 };
    [gateway, agent] = await Promise.all([connect(options), connect(options)]);
  });
  afterEach(() => open.splice(0).forEach((channel) => channel.destroy()));
  afterAll(async () => {
    await Promise.all([gateway.close(), agent.close()]);
    await nats.stop();
  });

  const side = (nc: NatsConnection, options: Partial<ChannelOptions> & { sessionId: string; side: 'client' | 'server' }) => {
    const channel = openChannel(nc, { channel: '0', ...options });
    open.push(channel);
    return channel;
  };
  const pair = (options: Partial<ChannelOptions> = {}) => {
    const sessionId = newId();
    return { client: side(gateway, { ...options, sessionId, side: 'client' }), server: side(agent, { ...options, sessionId, side: 'server' }) };
  };
  /** Unlike `for await` and `text()`, this leaves the channel open for writing. */
  const readAll = async (channel: SessionChannel): Promise<string> => {
    let whole = '';
    channel.on('data', (chunk: Buffer) => (whole += chunk.toString()));
    await once(channel, 'end');
    return whole;
  };
  const failure = async (channel: SessionChannel): Promise<unknown> => ((await once(channel, 'error')) as [{ failure?: unknown }])[0].failure;

  it('attaches whichever side comes first', async () => {
    for (const [first, second] of [
      ['client', 'server'],
      ['server', 'client'],
    ] as const) {
      const sessionId = newId();
      const early = side(gateway, { sessionId, side: first });
      await gateway.flush();
      const late = side(agent, { sessionId, side: second });
      await Promise.all([early.attached, late.attached]);
    }
  });

  it('carries EOF each way on its own', async () => {
    const { client, server } = pair();
    client.end('from the client');
    await expect(readAll(server)).resolves.toBe('from the client');
    expect(client.readableEnded).toBe(false);
    server.end('from the server');
    await expect(readAll(client)).resolves.toBe('from the server');
    await Promise.all([client, server].map((channel) => channel.closed || once(channel, 'close')));
  });

  it('brings 32 MiB through a slow reader whole, and holds the writer back', async () => {
    const { client, server } = pair();
    const sent = createHash('sha256');
    const received = createHash('sha256');
    const total = 32 * 1024 * 1024;
    let produced = 0;
    let consumed = 0;
    let furthestAhead = 0;
    const source = new Readable({
      read() {
        if (produced === total) return void this.push(null);
        const block = randomBytes(256 * 1024);
        produced += block.length;
        furthestAhead = Math.max(furthestAhead, produced - consumed);
        sent.update(block);
        this.push(block);
      },
    });
    const slow = new Writable({
      write(chunk: Buffer, _encoding, done) {
        consumed += chunk.length;
        received.update(chunk);
        setImmediate(() => setImmediate(done));
      },
    });
    server.end();
    await Promise.all([pipeline(source, client), pipeline(server, slow)]);
    expect(consumed).toBe(total);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(furthestAhead).toBeLessThan(3 * 1024 * 1024);
  });

  it('keeps the boundaries of messages', async () => {
    const { client, server } = pair({ mode: 'messages' });
    for (const message of ['{"command":"signal","signal":15}', '{"command":"window-resize"}', 'ünïcode']) client.write(message);
    client.end();
    const received: unknown[] = [];
    for await (const message of server) received.push(message);
    expect(received).toEqual(['{"command":"signal","signal":15}', '{"command":"window-resize"}', 'ünïcode']);
  });

  it('fails both sides with the reason of an abort', async () => {
    const { client, server } = pair();
    await client.attached;
    const [seen] = await Promise.all([once(server, 'error'), once(client, 'error'), server.attached.then(() => client.abort('the operation was cancelled'))]);
    expect(seen[0]).toMatchObject({ failure: 'aborted', message: 'the operation was cancelled' });
  });

  it('fails when the peer leaves in the middle, not when it has said all', async () => {
    const { client, server } = pair();
    await Promise.all([client.attached, server.attached]);
    server.destroy();
    await expect(failure(client)).resolves.toBe('peer-closed');

    const other = pair();
    other.server.end('result');
    await once(other.server, 'finish');
    other.server.destroy();
    await expect(text(other.client)).resolves.toBe('result');
  });

  it('notices a peer that was killed', async () => {
    const sessionId = newId();
    const hook = join(__dirname, '../../testing/source-hook.cjs');
    const child = spawn(process.execPath, ['-r', hook, join(__dirname, 'testing-peer.ts'), nats.url, sessionId], { stdio: 'inherit' });
    try {
      const channel = side(gateway, { sessionId, side: 'client', keepaliveMs: 200, peerTimeoutMs: 1500 });
      channel.write('ping');
      const [echo] = (await once(channel, 'data')) as [Buffer];
      expect(echo.toString()).toBe('ping');
      child.kill('SIGKILL');
      await expect(failure(channel)).resolves.toBe('peer-lost');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('fails when nobody comes', async () => {
    const channel = side(gateway, { sessionId: newId(), side: 'client', attachTimeoutMs: 300 });
    const failed = failure(channel);
    await expect(channel.attached).rejects.toMatchObject({ failure: 'attach-timeout' });
    await expect(failed).resolves.toBe('attach-timeout');
  });

  it('loses nothing when the broker is killed in the middle and comes back', async () => {
    const { client, server } = pair({ keepaliveMs: 200, peerTimeoutMs: 20_000 });
    const block = randomBytes(128 * 1024);
    const received = createHash('sha256');
    let consumed = 0;
    const reading = pipeline(server, async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        received.update(chunk);
        consumed += chunk.length;
        if (consumed === 64 * 1024) await nats.restart();
      }
    });
    server.end();
    const sent = createHash('sha256');
    const blocks = Array.from({ length: 64 }, () => block);
    blocks.forEach((one) => sent.update(one));
    await Promise.all([reading, pipeline(Readable.from(blocks), client)]);
    expect(consumed).toBe(64 * block.length);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });
});
