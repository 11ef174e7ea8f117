import { spawn } from '@lydell/node-pty';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

interface StateJson {
  status: string;
  pid: number;
}

const BOOT_MS = 120_000;

describe('a virtual machine under the stock client', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  const state = (name: string) => weft.query<StateJson>(`/1.0/instances/${name}/state`);
  /** The guest agent answers some time after the start. */
  const inside = async (name: string, ...command: string[]): Promise<string> => {
    let output = '';
    await holds(async () => (output = await weft.ok(['exec', name, '--', ...command])), { timeoutMs: BOOT_MS });
    return output;
  };

  it('launches under QEMU', async () => {
    await weft.ok(['launch', 'tiny-vm', 'v1', '--vm']);
    expect(await weft.ok(['list', '-c', 'nst', '-f', 'csv'])).toContain('v1,RUNNING,VIRTUAL-MACHINE');
    expect((await state('v1')).pid).toBeGreaterThan(0);
    expect(await weft.ok(['info'])).toMatch(/qemu/);
  }, 60_000);

  it(
    'has a console with a shell on it',
    async () => {
      const terminal = spawn('lxc', ['console', 'v1'], { cols: 80, rows: 24, env: { ...process.env, ...weft.env } as Record<string, string> });
      let seen = '';
      terminal.onData((data) => (seen += data));
      await holds(
        () => {
          terminal.write('echo $((6*7))-console\r');
          expect(seen).toContain('42-console');
        },
        { timeoutMs: BOOT_MS },
      );
      const left = new Promise((resolve) => terminal.onExit(resolve));
      terminal.write('\x01q');
      await left;
      expect(await weft.ok(['console', 'v1', '--show-log'])).toContain('42-console');
    },
    BOOT_MS + 10_000,
  );

  it(
    'runs commands and moves files through its guest agent',
    async () => {
      expect(await inside('v1', 'uname', '-s')).toBe('Linux\n');
      expect((await weft.lxc(['exec', 'v1', '--', 'sh', '-c', 'exit 42'])).exitCode).toBe(42);
      await weft.ok(['file', 'push', __filename, 'v1/root/spec']);
      expect(await weft.ok(['file', 'pull', 'v1/root/spec', '-'])).toContain('through its guest agent');
    },
    BOOT_MS + 20_000,
  );

  it(
    'stops on request, and goes back to a snapshot',
    async () => {
      await inside('v1', 'sh', '-c', 'echo first > /root/state; sync');
      await weft.ok(['stop', 'v1'], { timeoutMs: BOOT_MS });
      expect((await state('v1')).status).toBe('Stopped');
      await weft.ok(['snapshot', 'v1', 's0']);
      await weft.ok(['start', 'v1']);
      await inside('v1', 'sh', '-c', 'echo second > /root/state; sync');
      await weft.ok(['restore', 'v1', 's0'], { timeoutMs: BOOT_MS });
      expect(await inside('v1', 'cat', '/root/state')).toBe('first\n');
    },
    4 * BOOT_MS,
  );

  it(
    'goes on where it was after a stateful stop, and after a restore of a stateful snapshot',
    async () => {
      expect(await weft.refused(['stop', 'v1', '--stateful'])).toContain('Stateful stop requires migration.stateful to be set to true');
      await weft.ok(['config', 'set', 'v1', 'migration.stateful=true']);
      // /run is in memory: whoever boots does not find it.
      await inside('v1', 'sh', '-c', 'echo warm > /run/state');
      await weft.ok(['snapshot', 'v1', 'warm', '--stateful']);
      expect(await weft.query('/1.0/instances/v1/snapshots/warm')).toMatchObject({ stateful: true });
      await inside('v1', 'sh', '-c', 'echo later > /run/state');
      await weft.ok(['stop', 'v1', '--stateful']);
      expect(await weft.query('/1.0/instances/v1')).toMatchObject({ status: 'Stopped', stateful: true });
      await weft.ok(['start', 'v1']);
      expect(await inside('v1', 'cat', '/run/state')).toBe('later\n');
      expect(await weft.query('/1.0/instances/v1')).toMatchObject({ status: 'Running', stateful: false });
      await weft.ok(['restore', 'v1', 'warm', '--stateful']);
      expect(await inside('v1', 'cat', '/run/state')).toBe('warm\n');
      expect(await weft.refused(['restore', 'v1', 's0', '--stateful'])).toContain('Instance has no existing state to restore');
    },
    2 * BOOT_MS,
  );

  it('freezes, is copied and deleted', async () => {
    await weft.ok(['pause', 'v1']);
    expect((await state('v1')).status).toBe('Frozen');
    await weft.ok(['start', 'v1']);
    await weft.ok(['stop', '-f', 'v1']);
    await weft.ok(['copy', 'v1', 'v2']);
    await weft.ok(['delete', '-f', 'v1', 'v2']);
    expect(await weft.query<string[]>('/1.0/instances')).toEqual([]);
  }, 60_000);

  it('is seen when QEMU is killed', async () => {
    await weft.ok(['launch', 'tiny-vm', 'v3', '--vm', '-c', 'limits.memory=256MiB']);
    process.kill((await state('v3')).pid, 'SIGKILL');
    await holds(async () => expect(['Stopped', 'Error']).toContain((await state('v3')).status), { timeoutMs: 20_000 });
    await weft.ok(['delete', '-f', 'v3']);
  }, 60_000);
});
