import { execFile } from 'node:child_process';
import { existsSync, promises as fs } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { InstanceSpec } from '@weft/contracts';
import { eventually } from '@weft/testing';
import { fileOptions, readText, run, withFiles } from '../contract-subject';
import type { ExecProcess } from '../driver';
import type { LxcDriver } from './lxc.driver';
import { describeLxc, LxcTestbed, shell } from './lxc.testbed';

jest.setTimeout(60_000);
const execute = promisify(execFile);

describeLxc('lxc, seen from the guest', () => {
  let bed: LxcTestbed;
  let driver: LxcDriver;
  let spec: InstanceSpec;

  beforeAll(async () => {
    bed = await LxcTestbed.open();
    driver = bed.driver();
    spec = await bed.started(driver, 'guest', { 'environment.FROM_CONFIG': 'init sees it', 'linux.sysctl.net.ipv4.ip_forward': '1' });
  });
  afterAll(() => bed.close());

  const interactive = (command: readonly string[], environment: Record<string, string> = {}): Promise<ExecProcess> =>
    driver.exec(spec, { command, environment, interactive: true, width: 100, height: 30, user: 0, group: 0, cwd: '/' });
  const piped = (command: readonly string[], user = 0): Promise<ExecProcess> =>
    driver.exec(spec, { command, environment: {}, interactive: false, width: 0, height: 0, user, group: user, cwd: '/' });

  describe('a system container', () => {
    it('has its own init, name, processes and ids', async () => {
      expect(await shell(driver, spec, 'hostname; readlink /proc/1/exe; id -u; cat /etc/hostname')).toBe('guest\n/bin/busybox\n0\nguest');
      expect(await shell(driver, spec, "tr '\\0' '\\n' </proc/1/environ | sort")).toBe('FROM_CONFIG=init sees it\ncontainer=lxc');
      expect(await shell(driver, spec, "awk '{ print $1, $2, $3 }' /proc/self/uid_map")).toBe('0 1000000 65536');
      expect(await shell(driver, spec, 'cat /proc/sys/net/ipv4/ip_forward; ls /sys/class/net')).toBe('1\nlo');
    });

    it('offers a shell on its console, to one at a time', async () => {
      const first = await driver.console(spec, { width: 90, height: 25 });
      const output = text(first.stream);
      first.stream.write('\n');
      await eventually(() => Promise.resolve(output().includes('root@guest:')));
      first.stream.write('stty size; echo con-$((40+2))\n');
      await eventually(() => Promise.resolve(output().includes('con-42') && output().includes('25 90')));
      first.resize(120, 40);
      await eventually(() => {
        first.stream.write('stty size\n');
        return Promise.resolve(output().includes('40 120'));
      });
      const second = await driver.console(spec, { width: 80, height: 24 });
      expect(first.stream.readableEnded || first.stream.destroyed).toBe(true);
      const taken = text(second.stream);
      second.stream.write('echo sec-$((1+1))\n');
      await eventually(() => Promise.resolve(taken().includes('sec-2')));
      second.close();
      expect(await driver.consoleLog(spec)).toContain('con-42');
      await driver.clearConsoleLog(spec);
      expect(await driver.consoleLog(spec)).toBe('');
    });
  });

  describe('its files', () => {
    const options = { uid: 0, gid: 0, mode: -1, append: true };

    it('are written with the rights of its root, not with those of the host', async () => {
      const path = '/proc/sys/kernel/core_pattern';
      const same = await fs.readFile(path, 'utf8');
      await expect(withFiles(driver, spec, (files) => files.write(path, Readable.from([same]), options))).rejects.toThrow('permission denied');
    });

    it('cannot belong to users of the host', async () => {
      const hostRoot = 2 ** 32 - 1_000_000;
      const write = withFiles(driver, spec, (files) => files.write('/root/x', Readable.from(['x']), { ...options, uid: hostRoot, append: false }));
      await expect(write).rejects.toMatchObject({ code: 'file.invalid' });
    });
  });

  describe('exec', () => {
    it('has a terminal that can be resized', async () => {
      const child = await interactive(['/bin/sh', '-c', 'tty; stty size; while read x && [ "$x" != end ]; do stty size; done; exit 5'], { TERM: 'vt100' });
      const output = text(child.tty!);
      await eventually(() => Promise.resolve(/\/dev\/pts\/\d+\r\n30 100/.test(output())));
      child.resize(77, 33);
      await eventually(() => {
        child.tty!.write('\n');
        return Promise.resolve(output().includes('33 77'));
      });
      child.tty!.write('end\n');
      expect(await child.exit).toBe(5);
    });

    it('sends signals to the command on a terminal, and keys of the terminal too', async () => {
      const trapped = await interactive(['/bin/sh', '-c', 'trap "exit 9" USR1; echo up; while :; do sleep 0.05; done']);
      const output = text(trapped.tty!);
      await eventually(() => Promise.resolve(output().includes('up')));
      trapped.signal(10);
      expect(await trapped.exit).toBe(9);
      const interrupted = await interactive(['sleep', '1000']);
      interrupted.tty!.resume();
      const stopped = interrupted.exit;
      const timer = setInterval(() => interrupted.tty!.write('\x03'), 50);
      expect(await stopped).toBe(130);
      clearInterval(timer);
    });

    it('runs as another user with files for standard streams that can be opened by name', async () => {
      const child = await piped(['/bin/sh', '-c', 'id -u; id -g; echo by-name >/dev/stdout; echo err >/dev/stderr'], 1234);
      const [out, err] = [text(child.stdout!), text(child.stderr!)];
      child.stdin!.end();
      expect(await child.exit).toBe(0);
      await eventually(() => Promise.resolve(out() === '1234\n1234\nby-name\n' && err() === 'err\n'));
    });

    it('ends although something in the background keeps the output open', async () => {
      expect(await run(driver, spec, ['/bin/sh', '-c', 'sleep 30 & echo done'])).toMatchObject({ code: 0, stdout: 'done\n' });
    });

    it('carries megabytes both ways unchanged, to a slow reader too', async () => {
      const child = await piped(['cat']);
      child.stderr!.resume();
      const chunk = Buffer.alloc(1 << 16, 'weft ');
      Readable.from(Array.from({ length: 64 }, () => chunk)).pipe(child.stdin!);
      let bytes = 0;
      for await (const part of child.stdout!) {
        bytes += (part as Buffer).length;
        if (bytes % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      expect([bytes, await child.exit]).toEqual([64 << 16, 0]);
    });

    it('leaves nothing of a killed command', async () => {
      const child = await piped(['/bin/sh', '-c', 'echo up; exec sleep 4242']);
      const output = text(child.stdout!);
      await eventually(() => Promise.resolve(output() === 'up\n'));
      child.kill();
      expect(await child.exit).toBe(137);
      expect(await shell(driver, spec, 'pgrep -f "sleep 424[2]" || echo none')).toBe('none');
    });

    it('enters the directory asked for, says when it is missing, and starts in "/" without a home', async () => {
      expect(await run(driver, spec, ['pwd'], { cwd: '/var/log' })).toMatchObject({ stdout: '/var/log\n' });
      expect(await run(driver, spec, ['pwd'], { cwd: '/no where' })).toMatchObject({ code: 1, stdout: '' });
      expect(await run(driver, spec, ['pwd'], { cwd: '/root', environment: { HOME: '/root' } })).toMatchObject({ stdout: '/root\n' });
      expect(await run(driver, spec, ['pwd'], { cwd: '/no home', environment: { HOME: '/no home' } })).toMatchObject({ code: 0, stdout: '/\n' });
    });
  });

  describe('files', () => {
    it('cannot be led to the host by links that the guest makes', async () => {
      const secret = join(bed.dir, 'secret');
      await fs.writeFile(secret, 'host only', { mode: 0o644 });
      await shell(
        driver,
        spec,
        `mkdir -p /trap; ln -s ${secret} /trap/absolute; ln -s ../../../../../../../..${secret} /trap/relative; ln -s /proc/1/root/../../..${bed.dir} /trap/dir; ln -s / /trap/root`,
      );
      await withFiles(driver, spec, async (files) => {
        for (const path of [
          '/trap/absolute',
          '/trap/relative',
          '/trap/dir/secret',
          `/proc/self/root${secret}`,
          `/proc/1/root${secret}`,
          `/../../..${secret}`,
        ]) {
          await expect(files.read(path)).rejects.toMatchObject({ code: expect.stringMatching(/^file\./) as string });
        }
        await expect(files.write('/trap/absolute', Readable.from(['owned']), fileOptions)).rejects.toMatchObject({ code: 'file.not-found' });
        await files.write('/trap/root/new-file', Readable.from(['inside']), fileOptions);
        expect(await readText(files, '/new-file')).toBe('inside');
      });
      expect(await fs.readFile(secret, 'utf8')).toBe('host only');
      expect(existsSync('/new-file')).toBe(false);
    });

    it('stay inside while the guest swaps a directory for a link under them', async () => {
      const outside = join(bed.dir, 'outside');
      await fs.mkdir(outside, { recursive: true });
      const script = `cd /tmp; mkdir -p d; while [ ! -e stop ]; do mv d e; ln -s ${outside} d; rm d; mv e d; done`;
      const swapper = await piped(['/bin/sh', '-c', script]);
      swapper.stdout!.resume();
      swapper.stderr!.resume();
      await withFiles(driver, spec, async (files) => {
        for (let round = 0; round < 40; round += 1) await files.write(`/tmp/d/${round}`, Readable.from(['x']), fileOptions).catch(() => undefined);
      });
      await shell(driver, spec, ': >/tmp/stop');
      expect(await swapper.exit).toBe(0);
      expect(await fs.readdir(outside)).toEqual([]);
    });

    it('are regular files only: pipes do not hang, devices are not opened', async () => {
      await shell(driver, spec, 'mkfifo /tmp/fifo');
      await withFiles(driver, spec, async (files) => {
        await expect(files.read('/tmp/fifo')).rejects.toMatchObject({ code: 'file.invalid' });
        await expect(files.write('/tmp/fifo', Readable.from(['x']), fileOptions)).rejects.toMatchObject({ code: 'file.invalid' });
        await expect(files.stat('/tmp/fifo')).rejects.toMatchObject({ code: 'file.invalid' });
        await expect(files.read('/dev/null')).rejects.toMatchObject({ code: 'file.invalid' });
        await expect(files.read('/etc')).rejects.toMatchObject({ code: 'file.invalid' });
      });
    });

    it('belong to ids of the guest, seen from both sides', async () => {
      await withFiles(driver, spec, async (files) => {
        await files.write('/tmp/owned', Readable.from(['x'.repeat(100_000)]), { uid: 7, gid: 8, mode: 0o4755, append: false });
        await files.symlink('/tmp/link', 'owned', { uid: 7, gid: 8 });
        await files.mkdir('/tmp/dir', { uid: 9, gid: 9, mode: 0o1770 });
        expect(await files.stat('/tmp/link')).toMatchObject({ type: 'symlink', uid: 7, gid: 8 });
      });
      expect(await shell(driver, spec, "stat -c '%u %g %a %s' /tmp/owned /tmp/dir; stat -c '%u %N' /tmp/link")).toMatch(
        /^7 8 4755 100000\n9 9 1770 \d+\n7 .*owned/,
      );
    });

    it('are not complete when the sender breaks off, and the caller is told', async () => {
      const broken = new Readable({ read() {} });
      broken.push('half');
      await withFiles(driver, spec, async (files) => {
        const written = files.write('/tmp/broken', broken, fileOptions);
        broken.destroy(new Error('the client has gone'));
        await expect(written).rejects.toThrow('the client has gone');
      });
    });

    it('take a few milliseconds, not a shell each', async () => {
      await withFiles(driver, spec, async (files) => {
        await Promise.all(Array.from({ length: 20 }, (_, i) => files.write(`/tmp/many-${i}`, Readable.from([String(i)]), fileOptions)));
        expect((await files.list('/tmp')).filter((name) => name.startsWith('many-'))).toHaveLength(20);
      });
    });
  });

  it('leaks no descriptors and no helpers', async () => {
    const count = async (): Promise<number> => (await fs.readdir('/proc/self/fd')).length;
    await shell(driver, spec, 'true');
    const before = await count();
    for (let round = 0; round < 5; round += 1) await shell(driver, spec, 'true');
    await eventually(async () => (await count()) <= before + 1);
    const { stdout } = await execute('ps', ['--ppid', String(process.pid), '-o', 'comm=']);
    expect(stdout.split('\n').filter((name) => /^(perl|lxc-attach|lxc-console)/.test(name))).toEqual([]);
  });
});

/** What a stream has given so far. */
function text(stream: NodeJS.ReadableStream): () => string {
  let all = '';
  stream.on('data', (chunk: Buffer) => (all += chunk.toString()));
  return () => all;
}
