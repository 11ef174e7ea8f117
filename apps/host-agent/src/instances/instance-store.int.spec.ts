import { newId } from '@weft/contracts';
import { scratchDir } from '@weft/testing';
import { InstanceStore } from './instance-store';

describe('InstanceStore', () => {
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  beforeAll(async () => {
    scratch = await scratchDir();
  });
  afterAll(() => scratch.remove());

  const spec = () => ({
    id: newId(),
    project: 'default',
    name: 'c1',
    type: 'container' as const,
    architecture: 'x86_64',
    ephemeral: false,
    imageFingerprint: '',
    config: {},
    devices: {},
  });

  it('never loses an epoch to what is noted at the same time', async () => {
    const store = new InstanceStore(scratch.path);
    const instance = spec();
    await store.saveSpec(instance);
    const notes = Array.from({ length: 10 }, (_, index) => store.updateState(instance.id, { lastStatus: index % 2 ? 'running' : 'stopped' }));
    const orders = Array.from({ length: 5 }, (_, index) => store.updateState(instance.id, { epoch: index + 1 }));
    await Promise.all([...notes, ...orders]);
    expect(await new InstanceStore(scratch.path).state(instance.id)).toEqual({ epoch: 5, created: false, lastStatus: 'running' });
  });

  it('refuses older epochs, keeps nothing of what is not here, and takes no path for an id', async () => {
    const store = new InstanceStore(scratch.path);
    const instance = spec();
    await store.saveSpec(instance);
    await store.admit(instance, 3);
    await store.admit(instance, 3);
    await expect(store.admit(instance, 2)).rejects.toMatchObject({ code: 'task.stale-epoch' });
    await store.remove(instance.id);
    await store.updateState(instance.id, { epoch: 9 });
    expect(await store.state(instance.id)).toMatchObject({ epoch: 0, created: false });
    expect(() => store.path('../x')).toThrow(expect.objectContaining({ code: 'request.invalid' }));
  });
});
