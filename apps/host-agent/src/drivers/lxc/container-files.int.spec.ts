/** Content that comes over a session into a file system without room. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { openChannel } from '@weft/session';
import { scratchDir, startNats, type TestNats } from '@weft/testing';
import { ContainerFiles } from './container-files';

const execute = promisify(execFile);
const MIB = 1024 ** 2;
const PUSHES = 40;
const AT_ONCE = 4;

describe('a full file system', () => {
  let nats: TestNats;
  let ends: [NatsConnection, NatsConnection];
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  let root: string;

  beforeAll(async () => {
    scratch = await scratchDir();
    root = join(scratch.path, 'root');
    await mkdir(root);
    await execute('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'weft-test', root]);
    await expect(writeFile(join(root, 'ballast'), Buffer.alloc(2 * MIB))).rejects.toMatchObject({ code: 'ENOSPC' });
    nats = await startNats();
    ends = [await connect({ servers: nats.url }), await connect({ servers: nats.url })];
  });
  afterAll(async () => {
    for (const end of ends) await end.close();
    await nats.stop();
    await execute('umount', [root]);
    await scratch.remove();
  });

  async function push(name: string): Promise<unknown> {
    const sessionId = `push-${name}`;
    const client = openChannel(ends[0], { sessionId, channel: 'data', side: 'client' }).resume();
    const server = openChannel(ends[1], { sessionId, channel: 'data', side: 'server' });
    server.end();
    client.end(Buffer.alloc(MIB, 1));
    const files = new ContainerFiles({ path: root, idBase: 0, release: () => Promise.resolve() });
    try {
      return await files.write(`/${name}`, server, { uid: 0, gid: 0, mode: 0o644, append: false }).catch((error: unknown) => error);
    } finally {
      client.destroy();
    }
  }

  it('is what every push is refused with, whichever end of the pipe notices first', async () => {
    const names = Array.from({ length: PUSHES }, (_, index) => `new${index}`);
    const outcomes: unknown[] = [];
    const worker = async () => {
      for (let name = names.shift(); name !== undefined; name = names.shift()) outcomes.push(await push(name));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(outcomes).toHaveLength(PUSHES);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 'disk.full' });
  });
});
