/** Guests that do not end when they are asked to, and what a person can do about them. */
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

interface Operation {
  id: string;
  description: string;
  status: string;
  may_cancel: boolean;
}

describe('a guest that ignores its shutdown', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  const status = async (name: string) => (await weft.query<{ status: string }>(`/1.0/instances/${name}`)).status;

  async function deaf(name: string): Promise<void> {
    await weft.ok(['launch', 'tiny', name]);
    const { pid } = await weft.query<{ pid: number }>(`/1.0/instances/${name}/state`);
    process.kill(pid, 'SIGSTOP');
  }

  async function operation(description: string): Promise<Operation> {
    let found: Operation | undefined;
    await holds(async () => {
      const all = (await weft.query<Record<string, Operation[]> | undefined>('/1.0/operations?recursion=1')) ?? {};
      found = all.running?.find((one) => one.description === description);
      expect(found).toBeDefined();
    });
    return found!;
  }

  it('is stopped by force from another terminal; the first stop ends with it', async () => {
    await deaf('c1');
    const first = weft.lxc(['stop', 'c1']);
    await operation('Stopping instance');
    await weft.ok(['stop', '-f', 'c1']);
    expect(await first).toMatchObject({ exitCode: 0 });
    expect(await status('c1')).toBe('Stopped');
    await weft.ok(['start', 'c1']);
    await weft.ok(['exec', 'c1', '--', 'true']);
  }, 60_000);

  it('is deleted by force', async () => {
    await deaf('c2');
    const first = weft.lxc(['stop', 'c2']);
    await operation('Stopping instance');
    await weft.ok(['delete', '-f', 'c2']);
    expect(await first).toMatchObject({ exitCode: 0 });
    expect(await weft.query<string[]>('/1.0/instances')).not.toContain('/1.0/instances/c2');
  }, 60_000);

  it('is not started again by a restart that a stop with force ended', async () => {
    await deaf('c3');
    const first = weft.lxc(['restart', 'c3']);
    await operation('Restarting instance');
    await weft.ok(['stop', '-f', 'c3']);
    expect((await first).stderr).toContain('stopped by force meanwhile');
    expect(await status('c3')).toBe('Stopped');
  }, 60_000);

  it('runs on when the stop is cancelled', async () => {
    await deaf('c4');
    const stop = weft.lxc(['stop', 'c4']);
    const { id, may_cancel } = await operation('Stopping instance');
    expect(may_cancel).toBe(true);
    await weft.query(`/1.0/operations/${id}`, { method: 'DELETE' });
    expect(await stop).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('cancelled') as string });
    expect(await status('c4')).toBe('Running');
    await weft.ok(['delete', '-f', 'c1', 'c3', 'c4']);
  }, 60_000);
});
