/** A member whose disk is full: refusals that say what to do, nothing left behind, and all well when there is room again. */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { execa } from 'execa';
import { holds } from './holds';
import { mountsBelow, startPlatform, type Platform } from './platform';

const MIB = 1024 ** 2;
const DISK_MIB = 400;
/** Enough to be placed there, not enough for the payload. */
const LEFT_BYTES = 80 * MIB;
const PAYLOAD_BYTES = 100 * MIB;
const FULL = /disk (of this host )?is full.*delete instances.*and try again/i;

async function smallDisk(dir: string): Promise<void> {
  const members = join(dir, 'members');
  mkdirSync(members, { mode: 0o711 });
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=0711`, 'weft-test', members]);
}

describe('a full disk', () => {
  let weft: Platform;
  let archive: string;
  const member = (...parts: string[]) => join(weft.dir, 'members', 'host1', ...parts);
  const ballast = () => join(weft.dir, 'members', 'ballast');

  beforeAll(async () => {
    weft = await startPlatform({ prepare: smallDisk });
    await weft.ok(['image', 'export', 'tiny', join(weft.dir, 'exported')]);
    archive = join(
      weft.dir,
      readdirSync(weft.dir).find((name) => name.startsWith('exported'))!,
    );
    await weft.ok(['launch', 'tiny', 'runs']);
    await weft.ok(['init', 'tiny', 'stopped']);
    await writeFile(join(weft.dir, 'payload'), Buffer.alloc(PAYLOAD_BYTES, 1));
    await weft.ok(['file', 'push', join(weft.dir, 'payload'), 'stopped/root/payload']);
    await weft.ok(['image', 'import', await imageWith('big', PAYLOAD_BYTES, '/dev/zero'), '--alias', 'big']);
    await fill(LEFT_BYTES);
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  /** The tiny image with one file more. */
  async function imageWith(name: string, bytes: number, content: string): Promise<string> {
    const file = join(weft.dir, `${name}.tar.gz`);
    const script = 'set -e; d=$(mktemp -d -p "$1"); tar -xf "$2" -C "$d"; head -c "$4" "$5" > "$d/rootfs/etc/more"; tar -czf "$3" -C "$d" .; rm -rf "$d"';
    await execa('bash', ['-c', script, '-', weft.dir, archive, file, String(bytes), content]);
    return file;
  }

  /** To the last byte, in large pieces, then in small ones; then so much is given back. Waits until the member has reported it. */
  async function fill(leaveBytes: number): Promise<void> {
    const file = openSync(ballast(), 'a');
    for (const size of [MIB, 4096]) {
      const piece = Buffer.alloc(size, 1);
      try {
        for (;;) if (writeSync(file, piece) < size) break;
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
    closeSync(file);
    truncateSync(ballast(), statSync(ballast()).size - leaveBytes);
    await holds(async () => {
      const { space } = await weft.query<{ space: { used: number; total: number } }>('/1.0/storage-pools/default/resources');
      expect(Math.abs(space.total - space.used - leaveBytes)).toBeLessThan(MIB);
    });
  }

  /** Everything that a refused request might leave. */
  const world = async () => ({
    instances: await weft.query<string[]>('/1.0/instances'),
    snapshots: await weft.query<string[] | undefined>('/1.0/instances/stopped/snapshots'),
    images: await weft.query<string[]>('/1.0/images'),
    // An empty directory for snapshots may stay.
    directories: readdirSync(member('instances')).flatMap((id) =>
      readdirSync(member('instances', id)).flatMap((name) =>
        name === 'snapshots' ? readdirSync(member('instances', id, name)).map((one) => `${id}/${name}/${one}`) : [`${id}/${name}`],
      ),
    ),
    uploads: readdirSync(member('uploads')),
    imageDirectories: readdirSync(member('images')),
    mounts: mountsBelow(weft.dir),
  });

  async function refusedForRoom(args: readonly string[]): Promise<void> {
    const before = await world();
    expect(await weft.refused(args)).toMatch(FULL);
    expect(await world()).toEqual(before);
  }

  /** Status of a push over the API itself. */
  const pushStatus = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const call = request({
        socketPath: join(weft.dir, 'unix.socket'),
        path: '/1.0/instances/stopped/files?path=/root/new',
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', 'x-lxd-type': 'file' },
      });
      call.once('response', (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
      });
      call.once('error', reject);
      call.end(Buffer.alloc(MIB, 1));
    });

  it('refuses what outgrows it on the way', async () => {
    await refusedForRoom(['copy', 'stopped', 'new']);
    await refusedForRoom(['launch', 'big', 'new']);
    await refusedForRoom(['snapshot', 'stopped', 's0']);
    await refusedForRoom(['file', 'push', join(weft.dir, 'payload'), 'runs/root/more']);
    expect((await weft.lxc(['exec', 'runs', '--', 'test', '-e', '/root/more'])).exitCode).toBe(1);
    await holds(() => weft.ok(['init', 'tiny', 'fits']));
    await weft.ok(['delete', 'fits']);
  }, 120_000);

  it('refuses init and launch', async () => {
    await fill(0);
    await refusedForRoom(['init', 'tiny', 'new']);
    await refusedForRoom(['launch', 'tiny', 'new']);
    await refusedForRoom(['init', 'new', '--empty']);
  }, 120_000);

  it('refuses a start, a copy and a snapshot', async () => {
    await refusedForRoom(['start', 'stopped']);
    await refusedForRoom(['copy', 'stopped', 'new']);
    await refusedForRoom(['snapshot', 'stopped', 's0']);
  }, 120_000);

  it('refuses files and images', async () => {
    await refusedForRoom(['file', 'push', join(weft.dir, 'payload'), 'stopped/root/more']);
    expect(await pushStatus()).toBe(507);
    await refusedForRoom(['image', 'import', await imageWith('other', 3 * MIB, '/dev/urandom')]);
  }, 120_000);

  it('lets a guest be stopped and deleted, which makes room', async () => {
    await weft.ok(['stop', '-f', 'runs']);
    await weft.ok(['delete', 'runs']);
  }, 60_000);

  it('works again when there is room', async () => {
    rmSync(ballast());
    await weft.ok(['start', 'stopped']);
    await weft.ok(['exec', 'stopped', '--', 'sh', '-c', '! test -e /root/more']);
    await weft.ok(['snapshot', 'stopped', 's0']);
    await weft.ok(['delete', 'stopped/s0']);
    await weft.ok(['copy', 'stopped', 'new']);
    await weft.ok(['delete', 'new']);
    await weft.ok(['launch', 'big', 'new']);
    await weft.ok(['file', 'push', join(weft.dir, 'payload'), 'new/root/more']);
    await weft.ok(['image', 'import', join(weft.dir, 'other.tar.gz')]);
    await weft.ok(['delete', '-f', 'stopped', 'new']);
    expect(readdirSync(member('instances'))).toEqual([]);
  }, 120_000);
});
