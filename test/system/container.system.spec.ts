import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

interface InstanceJson {
  status: string;
  config: Record<string, string>;
  expanded_config: Record<string, string>;
  profiles: string[];
  location: string;
  type: string;
}

describe('a system container under the stock client', () => {
  let weft: Platform;
  let scratch: string;
  beforeAll(async () => {
    weft = await startPlatform();
    scratch = mkdtempSync(join(tmpdir(), 'weft-files-'));
  }, 240_000);
  afterAll(async () => {
    rmSync(scratch, { recursive: true, force: true });
    await weft?.stop();
  }, 120_000);

  const status = async (name: string) => (await weft.query<InstanceJson>(`/1.0/instances/${name}`)).status;
  const inside = (name: string, ...command: string[]) => weft.ok(['exec', name, '--', ...command]);

  it('launches with an init of its own', async () => {
    await weft.ok(['launch', 'tiny', 'c1']);
    expect(await status('c1')).toBe('Running');
    expect(await weft.ok(['list', '-c', 'nst', '-f', 'csv'])).toContain('c1,RUNNING,CONTAINER');
    expect(await inside('c1', 'cat', '/proc/1/comm')).toContain('init');
    expect((await inside('c1', 'hostname')).trim()).toBe('c1');
    expect(await inside('c1', 'uname', '-s')).toBe('Linux\n');
  });

  it('is unprivileged unless told otherwise', async () => {
    expect((await inside('c1', 'cat', '/proc/self/uid_map')).trim().split(/\s+/)[1]).not.toBe('0');
    await weft.ok(['launch', 'tiny', 'c-priv', '-c', 'security.privileged=true']);
    expect((await inside('c-priv', 'cat', '/proc/self/uid_map')).trim().split(/\s+/)).toEqual(['0', '0', '4294967295']);
    await weft.ok(['delete', '-f', 'c-priv']);
  });

  describe('exec', () => {
    it('gives exit codes, also for what is not found, not executable or killed', async () => {
      expect((await weft.lxc(['exec', 'c1', '--', 'sh', '-c', 'exit 42'])).exitCode).toBe(42);
      expect((await weft.lxc(['exec', 'c1', '--', '/no/such/thing'])).exitCode).toBe(127);
      expect((await weft.lxc(['exec', 'c1', '--', '/etc/passwd'])).exitCode).toBe(126);
      expect((await weft.lxc(['exec', 'c1', '--', 'sh', '-c', 'kill -9 $$'])).exitCode).toBe(137);
    });

    it('keeps standard output and error apart and passes input through to its end', async () => {
      const both = await weft.lxc(['exec', 'c1', '--', 'sh', '-c', 'echo out; echo err >&2']);
      expect([both.stdout, both.stderr]).toEqual(['out\n', 'err\n']);
      const big = Buffer.alloc(3_000_000, 'weft ').toString();
      expect((await weft.ok(['exec', 'c1', '--', 'md5sum'], { input: big })).split(' ')[0]).toBe(createHash('md5').update(big).digest('hex'));
    });

    it('takes environment, working directory, user and group', async () => {
      expect(await weft.ok(['exec', 'c1', '--env', 'COLOUR=blue', '--cwd', '/tmp', '--', 'sh', '-c', 'echo $COLOUR $PWD'])).toBe('blue /tmp\n');
      expect(await weft.ok(['exec', 'c1', '--user', '1000', '--group', '1001', '--', 'id', '-u'])).toBe('1000\n');
      expect(await weft.ok(['exec', 'c1', '--', 'sh', '-c', 'echo $HOME $USER'])).toBe('/root root\n');
    });

    it('gives a terminal when asked', async () => {
      expect(await weft.ok(['exec', 'c1', '-t', '--', 'tty'])).toMatch(/^\/dev\/pts\/\d+/);
    });

    it('is refused on a stopped instance', async () => {
      await weft.ok(['init', 'tiny', 'c-off']);
      expect(await weft.refused(['exec', 'c-off', '--', 'true'])).toContain('Instance is not running');
      await weft.ok(['delete', 'c-off']);
    });
  });

  describe('files', () => {
    it('are pushed and pulled with owner and mode', async () => {
      const file = join(scratch, 'hello');
      writeFileSync(file, 'hello\n');
      await weft.ok(['file', 'push', file, 'c1/root/hello', '--uid', '7', '--gid', '8', '--mode', '0640']);
      expect(await inside('c1', 'stat', '-c', '%u:%g:%a', '/root/hello')).toBe('7:8:640\n');
      await weft.ok(['file', 'pull', 'c1/root/hello', join(scratch, 'back')]);
      expect(readFileSync(join(scratch, 'back'), 'utf8')).toBe('hello\n');
      expect(statSync(join(scratch, 'back')).mode & 0o777).toBe(0o640);
    });

    it('move in whole directories', async () => {
      await weft.ok(['file', 'push', '-r', '-p', join(__dirname), 'c1/srv/deep']);
      await weft.ok(['file', 'pull', '-r', 'c1/srv/deep/system', scratch]);
      expect(readFileSync(join(scratch, 'system', 'platform.ts'))).toEqual(readFileSync(join(__dirname, 'platform.ts')));
    });

    it('cannot lead outside of the instance, whatever links the guest makes', async () => {
      await inside('c1', 'ln', '-s', '/etc', '/root/link');
      await inside('c1', 'sh', '-c', 'ln -s ../../../../../../../../etc/shadow /root/shadow; echo marker > /etc/marker');
      expect(await weft.ok(['file', 'pull', 'c1/root/link/marker', '-'])).toBe('marker\n');
      const shadow = await weft.lxc(['file', 'pull', 'c1/root/shadow', '-']);
      expect(shadow.stdout).not.toBe(readFileSync('/etc/shadow', 'utf8'));
      const escape = await weft.lxc(['file', 'pull', 'c1/../../../../../../../etc/hostname', '-']);
      expect(escape.stdout.trim()).not.toBe(hostname());
    });

    it('are deleted, and missing ones are not found', async () => {
      await weft.ok(['file', 'delete', 'c1/root/hello']);
      expect(await weft.refused(['file', 'pull', 'c1/root/hello', scratch])).toMatch(/not found|no such file/i);
    });
  });

  it('applies limits, also while it runs', async () => {
    await weft.ok(['config', 'set', 'c1', 'limits.processes=77']);
    await weft.ok(['config', 'set', 'c1', 'limits.memory=64MiB']);
    const usage = await weft.lxc(['exec', 'c1', '--', 'sh', '-c', 'head -c 200m /dev/zero | tail']);
    expect(usage.exitCode).not.toBe(0);
    await weft.ok(['config', 'unset', 'c1', 'limits.memory']);
  });

  it('pauses and goes on', async () => {
    await weft.ok(['pause', 'c1']);
    expect(await status('c1')).toBe('Frozen');
    await weft.ok(['start', 'c1']);
    expect(await status('c1')).toBe('Running');
  });

  it('restarts, by order and from within', async () => {
    const boot = async () => inside('c1', 'stat', '-c', '%Y', '/proc/1');
    await weft.ok(['restart', 'c1']);
    expect(await status('c1')).toBe('Running');
    const before = (await weft.query<{ pid: number }>('/1.0/instances/c1/state')).pid;
    await weft.lxc(['exec', 'c1', '--', 'reboot']);
    await holds(async () => {
      const state = await weft.query<{ pid: number; status: string }>('/1.0/instances/c1/state');
      expect(state.status).toBe('Running');
      expect(state.pid).not.toBe(before);
    });
    expect(await boot()).toBeTruthy();
  });

  it('is seen to stop when the guest halts itself', async () => {
    await weft.ok(['launch', 'tiny', 'c-halt']);
    await weft.lxc(['exec', 'c-halt', '--', 'poweroff']);
    await holds(async () => expect(await status('c-halt')).toBe('Stopped'));
    await weft.ok(['delete', 'c-halt']);
  });

  it('shows its console', async () => {
    await weft.ok(['console', 'c1', '--show-log']);
  });

  it('keeps snapshots and goes back to them', async () => {
    await inside('c1', 'sh', '-c', 'echo first > /root/state');
    await weft.ok(['stop', 'c1']);
    expect(await status('c1')).toBe('Stopped');
    await weft.ok(['snapshot', 'c1', 's0']);
    await weft.ok(['start', 'c1']);
    await inside('c1', 'sh', '-c', 'echo second > /root/state');
    await weft.ok(['snapshot', 'c1', 's1']);
    await weft.ok(['restore', 'c1', 's0']);
    expect(await status('c1')).toBe('Running');
    expect(await inside('c1', 'cat', '/root/state')).toBe('first\n');
    await weft.ok(['restore', 'c1', 's1']);
    expect(await inside('c1', 'cat', '/root/state')).toBe('second\n');
    expect(await weft.ok(['info', 'c1'])).toContain('s1');
    await weft.ok(['move', 'c1/s1', 'c1/s-renamed']);
    expect(await weft.query<string[]>('/1.0/instances/c1/snapshots')).toEqual(['/1.0/instances/c1/snapshots/s0', '/1.0/instances/c1/snapshots/s-renamed']);
    await weft.ok(['delete', 'c1/s-renamed']);
    expect(await weft.query<string[]>('/1.0/instances/c1/snapshots')).toEqual(['/1.0/instances/c1/snapshots/s0']);
  });

  it('copies, with snapshots or from one', async () => {
    await weft.ok(['stop', '-f', 'c1']);
    await weft.ok(['copy', 'c1', 'c2']);
    expect(await weft.query<string[]>('/1.0/instances/c2/snapshots')).toEqual(['/1.0/instances/c2/snapshots/s0']);
    await weft.ok(['copy', 'c1/s0', 'c3']);
    await weft.ok(['start', 'c3']);
    expect(await inside('c3', 'cat', '/root/state')).toBe('first\n');
    expect((await inside('c3', 'hostname')).trim()).toBe('c3');
    await weft.ok(['delete', '-f', 'c2', 'c3']);
  });

  it('is renamed when stopped', async () => {
    await weft.ok(['move', 'c1', 'c9']);
    expect(await status('c9')).toBe('Stopped');
    expect(await weft.refused(['info', 'c1'])).toContain('not found');
    await weft.ok(['start', 'c9']);
    expect((await inside('c9', 'hostname')).trim()).toBe('c9');
  });

  it('disappears after its stop when it is ephemeral', async () => {
    await weft.ok(['launch', 'tiny', 'c-eph', '--ephemeral']);
    await weft.ok(['stop', '-f', 'c-eph']);
    await holds(async () => expect(await weft.query<string[]>('/1.0/instances')).not.toContain('/1.0/instances/c-eph'));
  });

  it('is deleted only when stopped or forced', async () => {
    expect(await weft.refused(['delete', 'c9'])).toMatch(/running/i);
    await weft.ok(['delete', '-f', 'c9']);
    expect(await weft.query<string[]>('/1.0/instances')).toEqual([]);
  });
});
