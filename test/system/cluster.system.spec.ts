/**
 * Members on three hosts with the stock client: tokens, a host that falls silent, evacuation and restore of containers and
 * of a virtual machine, and a service that is killed in the middle.
 */
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

interface Instance {
  status: string;
  location: string;
  config: Record<string, string>;
}
interface Operation {
  id: string;
  class: string;
  status: string;
  err: string;
  metadata: Record<string, string> | null;
}

const BOOT_MS = 180_000;
const EVACUATION_MS = 180_000;

describe('members', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform({ members: 3 });
    await weft.ok(['config', 'set', 'cluster.offline_threshold', '10']);
    // Boots while the rest is tried.
    await weft.ok(['launch', 'tiny-vm', 'v1', '--vm', '--target', 'host1', '-c', 'limits.memory=256MiB', '-c', 'migration.stateful=true']);
  }, 300_000);
  afterAll(() => weft?.stop(), 120_000);

  const instance = (name: string) => weft.query<Instance>(`/1.0/instances/${name}`);
  const place = async (name: string) => {
    const { status, location } = await instance(name);
    return `${status} ${location}`;
  };
  const states = async () =>
    Object.fromEntries(
      (await weft.ok(['cluster', 'list', '-f', 'csv']))
        .trim()
        .split('\n')
        .map((line) => [line.split(',')[0], line.split(',')[6]]),
    );
  const operation = async (id: string) => weft.query<Operation>(`/1.0/operations/${id}`);
  const bootId = () => weft.ok(['exec', 'v1', '--', 'cat', '/proc/sys/kernel/random/boot_id']);

  it('gives out tokens to join with, lists and revokes them', async () => {
    expect(await states()).toEqual({ host1: 'ONLINE', host2: 'ONLINE', host3: 'ONLINE' });
    const output = await weft.ok(['cluster', 'add', 'host9']);
    const token = JSON.parse(Buffer.from(output.trim().split('\n').pop() ?? '', 'base64').toString()) as Record<string, unknown>;
    expect(token).toMatchObject({ server_name: 'host9', addresses: [weft.httpsAddress] });
    const listed = await weft.ok(['cluster', 'list-tokens', '-f', 'csv']);
    expect(listed).toContain('host9,');
    expect(listed).not.toContain(String(token.secret));
    await weft.ok(['cluster', 'revoke-token', 'host9']);
    expect(await weft.ok(['cluster', 'list-tokens', '-f', 'csv'])).toBe('');
    expect(await weft.refused(['cluster', 'add', 'host1'])).toContain('The cluster already has a member "host1"');
  }, 30_000);

  it('shows and changes what is said of a member, and refuses to rename it', async () => {
    await weft.ok(['cluster', 'edit', 'host2'], { input: (await weft.ok(['cluster', 'show', 'host2'])).replace('description: ""', 'description: rack 3') });
    expect(await weft.ok(['cluster', 'show', 'host2'])).toContain('description: rack 3');
    expect(await weft.refused(['cluster', 'rename', 'host2', 'other'])).toContain('remove the member and add the host under another name');
    expect(await weft.refused(['cluster', 'evacuate', 'nobody', '--force'])).toContain('Cluster member not found');
    expect(await weft.refused(['cluster', 'restore', 'host1', '--force'])).toContain('Cluster member is not evacuated');
  }, 30_000);

  it('notices that a host is silent, places nothing there, and that it is back', async () => {
    const agent = weft.pid('agent-host3');
    // An image is as available as the members that hold it (ADR 2): it may have been uploaded to host3.
    await weft.ok(['init', 'tiny', 'holder', '--target', 'host1']);
    // A process that has ended would be started again at once.
    process.kill(agent, 'SIGSTOP');
    try {
      await holds(async () => expect(await states()).toMatchObject({ host3: 'OFFLINE' }));
      expect(await weft.refused(['init', 'tiny', 'c9', '--target', 'host3'])).toContain('Member host3 is offline');
      expect(await weft.refused(['cluster', 'evacuate', 'host3', '--force'])).toContain('Member host3 is offline');
      await weft.ok(['init', 'tiny', 'c9']);
      expect((await instance('c9')).location).not.toBe('host3');
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    await holds(async () => expect(await states()).toMatchObject({ host3: 'ONLINE' }));
    await weft.ok(['delete', 'c9', 'holder']);
  }, 60_000);

  it('explains why an instance is where it is', async () => {
    const created = await weft.query<{ id: string }>('/1.0/instances', { method: 'POST', data: { name: 'c8', source: { type: 'none' } } });
    await holds(async () => expect(await operation(created.id)).toMatchObject({ status: 'Success' }));
    expect((await operation(created.id)).metadata?.placement).toMatch(/^host\d: .*% of its memory is free/);
    await weft.ok(['delete', 'c8']);
  }, 30_000);

  it(
    'empties a member and fills it again; a virtual machine goes and comes without a new start',
    async () => {
      await weft.ok(['launch', 'tiny', 'c1', '--target', 'host1']);
      await weft.ok(['launch', 'tiny', 'c2', '--target', 'host1', '-c', 'cluster.evacuate=stop']);
      await weft.ok(['init', 'tiny', 'c3', '--target', 'host1']);
      await weft.ok(['exec', 'c1', '--', 'sh', '-c', 'echo kept > /root/note']);
      await holds(() => bootId(), { timeoutMs: BOOT_MS });
      const boot = await bootId();

      await weft.ok(['cluster', 'evacuate', 'host1', '--force'], { timeoutMs: EVACUATION_MS });
      expect(await states()).toEqual({ host1: 'EVACUATED', host2: 'ONLINE', host3: 'ONLINE' });
      for (const name of ['c1', 'v1']) expect(await place(name)).toMatch(/^Running host[23]$/);
      expect(await place('c3')).toMatch(/^Stopped host[23]$/);
      expect(await place('c2')).toBe('Stopped host1');
      expect((await instance('c1')).config['volatile.evacuate.origin']).toBe('host1');
      expect(await weft.ok(['exec', 'c1', '--', 'cat', '/root/note'])).toBe('kept\n');
      expect(await bootId()).toBe(boot);
      expect(await weft.refused(['init', 'tiny', 'c9', '--target', 'host1'])).toContain('evacuated');
      expect(await weft.refused(['cluster', 'evacuate', 'host1', '--force'])).toContain('Cluster member is already evacuated');

      await weft.ok(['cluster', 'restore', 'host1', '--force'], { timeoutMs: EVACUATION_MS });
      expect(await states()).toMatchObject({ host1: 'ONLINE' });
      for (const name of ['c1', 'c2', 'v1']) expect(await place(name)).toBe('Running host1');
      expect(await place('c3')).toBe('Stopped host1');
      expect((await instance('c1')).config['volatile.evacuate.origin']).toBeUndefined();
      expect(await bootId()).toBe(boot);
      expect(await weft.refused(['cluster', 'remove', 'host1', '--yes'])).toContain('c1, c2, c3, v1');
    },
    BOOT_MS + 2 * EVACUATION_MS,
  );

  it(
    'goes on with an evacuation whose service is killed',
    async () => {
      await weft.ok(['stop', '-f', 'v1']);
      const { id } = await weft.query<{ id: string }>('/1.0/cluster/members/host1/state', { method: 'POST', data: { action: 'evacuate' } });
      await holds(async () => expect(await place('c1')).not.toContain('host1'), { timeoutMs: 60_000 });
      process.kill(weft.pid('instance-svc'), 'SIGKILL');
      await holds(async () => expect(await operation(id)).toMatchObject({ status: 'Success', err: '' }), { timeoutMs: EVACUATION_MS });
      expect(await states()).toMatchObject({ host1: 'EVACUATED' });
      for (const name of ['c1', 'c3', 'v1']) expect((await instance(name)).location).not.toBe('host1');
      expect(await place('c2')).toBe('Stopped host1');
    },
    EVACUATION_MS + 120_000,
  );
});
