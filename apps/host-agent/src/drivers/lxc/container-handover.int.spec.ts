/** Containers that go to another server and come from one; nothing runs. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { newId, type InstanceSpec } from '@weft/contracts';
import { scratchDir } from '@weft/testing';
import { unmountBelow } from '../../storage/container-overlay';
import { readRecord } from '../../storage/container-record';
import { ContainerStorage } from '../../storage/container-storage';
import { pack } from '../archive';
import { ContainerHandover } from './container-handover';

jest.setTimeout(60_000);

const IMAGE = 'e'.repeat(64);
const BASE = 1_000_000;

describe('a container between servers', () => {
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  /** Two hosts, each with its own copy of the image. */
  const host = async (name: string) => {
    const lower = join(scratch.path, name, 'image');
    await mkdir(join(lower, 'etc'), { recursive: true });
    await writeFile(join(lower, 'etc/issue'), 'image');
    await writeFile(join(lower, 'etc/gone'), 'image');
    await mkdir(join(scratch.path, name, 'instances'));
    const images = { containerRoot: () => Promise.resolve(lower) };
    const storage = new ContainerStorage(join(scratch.path, name, 'instances'), images);
    return { storage, handover: new ContainerHandover(storage, images) };
  };
  let a: Awaited<ReturnType<typeof host>>;
  let b: typeof a;
  let [id, snapshot] = ['', ''];
  beforeEach(async () => {
    scratch = await scratchDir();
    [a, b] = [await host('a'), await host('b')];
    [id, snapshot] = [newId(), newId()];
    const record = { ...(await a.storage.build(id, { kind: 'image', fingerprint: IMAGE }, BASE)), epoch: 1, started: true, bootId: 'x', frozenForCopy: false };
    await a.storage.commit(id, record);
    const root = await a.storage.mount(id, record);
    await writeFile(join(root, 'note'), 's0');
    await a.storage.createSnapshot(id, record, snapshot);
    await writeFile(join(root, 'note'), 'now');
    await rm(join(root, 'etc/gone'));
    await a.storage.unmount(id);
  });
  afterEach(async () => {
    await unmountBelow(scratch.path);
    await scratch.remove();
  });

  const specOf = (instanceId: string) => ({ id: instanceId, name: 'c1', type: 'container' }) as InstanceSpec;
  const arrive = async (
    archive: ReturnType<typeof pack>,
    arrival: { image: string; snapshots: Record<string, string>; replaces?: boolean },
    there = newId(),
  ) => {
    // At once: what nobody reads is thrown away when tar ends.
    const stream = archive.stream.pipe(new PassThrough());
    await mkdir(b.storage.dir(there), { recursive: true });
    const settle = await b.handover.receive(specOf(there), stream, arrival);
    await archive.done;
    await settle();
    return there;
  };
  const filesOf = async (instanceId: string) => {
    const record = (await readRecord(b.storage.dir(instanceId)))!;
    const root = await b.storage.mount(instanceId, record);
    const files = { note: await readFile(join(root, 'note'), 'utf8'), etc: await readdir(join(root, 'etc')) };
    await b.storage.unmount(instanceId);
    return { ...files, record };
  };

  it('as differences, where the image is', async () => {
    const selection = { root: '', snapshots: [snapshot] };
    expect(await a.handover.describe(id, selection)).toMatchObject({ image: IMAGE });
    const to = newId();
    const there = await arrive(await a.handover.send(id, selection, false), { image: IMAGE, snapshots: { [snapshot]: to } });
    expect(await filesOf(there)).toMatchObject({ note: 'now', etc: ['issue'], record: { storage: 'overlay', image: IMAGE, started: false, epoch: 0 } });
    expect(await readdir(join(b.storage.dir(there), 'snapshots'))).toEqual([to]);
    expect(await readdir(b.storage.dir(there))).not.toContain('arriving');
    await b.storage.commit(there, {
      ...(await b.storage.build(there, { kind: 'snapshot', instanceId: there, snapshotId: to }, null)),
      epoch: 0,
      started: false,
      bootId: '',
      frozenForCopy: false,
    });
    expect(await filesOf(there)).toMatchObject({ note: 's0', etc: ['gone', 'issue'] });
  });

  it('again, in the place of what has come before: snapshots that it has stay, those that do not come go', async () => {
    const [first, later] = [newId(), newId()];
    const there = await arrive(await a.handover.send(id, { root: '', snapshots: [snapshot] }, false), { image: IMAGE, snapshots: { [snapshot]: first } });
    const record = (await readRecord(a.storage.dir(id)))!;
    await writeFile(join(await a.storage.mount(id, record), 'note'), 'later');
    const second = newId();
    await a.storage.createSnapshot(id, record, second);
    await a.storage.unmount(id);
    const both = { image: IMAGE, snapshots: { [snapshot]: first, [second]: later }, replaces: true };
    await arrive(await a.handover.send(id, { root: '', snapshots: [snapshot, second] }, false), both, there);
    expect(await filesOf(there)).toMatchObject({ note: 'later' });
    const last = { image: IMAGE, snapshots: { [second]: later }, replaces: true };
    await arrive(await a.handover.send(id, { root: '', snapshots: [second] }, false), last, there);
    expect(await readdir(join(b.storage.dir(there), 'snapshots'))).toEqual([later]);
    expect((await readdir(b.storage.dir(there))).filter((name) => name.startsWith('data-') || name === 'arriving')).toHaveLength(1);
  });

  it('with all files, where it is not; nothing stays mounted at the source', async () => {
    const there = await arrive(await a.handover.send(id, { root: '', snapshots: [snapshot] }, true), { image: '', snapshots: { [snapshot]: newId() } });
    expect(await filesOf(there)).toMatchObject({ note: 'now', etc: ['issue'], record: { storage: 'copy', image: '', lower: '' } });
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(a.storage.dir(id));
    expect(await readdir(a.storage.dir(id))).not.toContain('leaving');
  });

  it('a snapshot in its place', async () => {
    const there = await arrive(await a.handover.send(id, { root: snapshot, snapshots: [] }, true), { image: '', snapshots: {} });
    expect(await filesOf(there)).toMatchObject({ note: 's0', etc: ['gone', 'issue'] });
  });

  it('is refused when it is not what was agreed on, or leads out of itself', async () => {
    const send = () => a.handover.send(id, { root: '', snapshots: [] }, false);
    await expect(arrive(await send(), { image: '', snapshots: {} })).rejects.toThrow('differences to an image that was not agreed on');
    await expect(arrive(await send(), { image: IMAGE, snapshots: { [snapshot]: newId() } })).rejects.toThrow('missing');
    const evil = join(scratch.path, 'evil');
    await mkdir(evil);
    await writeFile(join(evil, 'container.json'), JSON.stringify({ data: 'data-00', storage: 'copy', image: '', lower: '/etc', idmapBase: null }));
    await symlink('/etc', join(evil, 'data-00'));
    await expect(arrive(pack([{ dir: evil, names: ['container.json', 'data-00'] }]), { image: '', snapshots: {} })).rejects.toThrow('no directory');
  });
});
