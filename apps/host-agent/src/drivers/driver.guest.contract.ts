import { Readable } from 'node:stream';
import type { Bench } from './driver.contract';
import { fileOptions, readText, run, withFiles } from './contract-subject';

/** Commands, files, console log. */
export function describeGuestAccess(bench: Bench): void {
  const ifExec = async (work: (spec: Awaited<ReturnType<Bench['started']>>) => Promise<void>) => {
    if (bench.subject.can.exec) await work(await bench.started());
  };

  describe('exec', () => {
    it('separates output and errors, and gives the exit code', () =>
      ifExec(async (spec) => {
        expect(await run(bench.driver, spec, ['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
      }));

    it('passes input, environment and directory', () =>
      ifExec(async (spec) => {
        expect(await run(bench.driver, spec, ['cat'], { stdin: 'through\n' })).toMatchObject({ code: 0, stdout: 'through\n' });
        const { stdout } = await run(bench.driver, spec, ['env'], { environment: { WEFT_TEST: 'ünï code' } });
        expect(stdout.split('\n')).toContain('WEFT_TEST=ünï code');
        expect(await run(bench.driver, spec, ['pwd'], { cwd: '/etc' })).toMatchObject({ stdout: '/etc\n' });
      }));

    it('gives 127 for a command that is not there and 126 for one that cannot run', () =>
      ifExec(async (spec) => {
        expect((await run(bench.driver, spec, ['/no/such/command'])).code).toBe(127);
        expect((await run(bench.driver, spec, ['/etc'])).code).toBe(126);
      }));

    it('gives 128 + n for a command killed by signal n', () =>
      ifExec(async (spec) => {
        const child = await bench.driver.exec(spec, {
          command: ['sleep', '1000'],
          environment: {},
          interactive: false,
          width: 80,
          height: 24,
          user: 0,
          group: 0,
          cwd: '/',
        });
        child.stdout?.resume();
        child.stderr?.resume();
        child.signal(15);
        expect(await child.exit).toBe(143);
      }));

    it('refuses to run in a stopped instance', async () => {
      if (!bench.subject.can.exec) return;
      const spec = await bench.created();
      await expect(run(bench.driver, spec, ['true'])).rejects.toMatchObject({ code: 'instance.wrong-status' });
    });
  });

  describe('files', () => {
    const ifFiles = async (work: (spec: Awaited<ReturnType<Bench['started']>>) => Promise<void>) => {
      const { files } = bench.subject.can;
      if (files !== 'never') await work(files === 'always' ? await bench.created() : await bench.started());
    };

    it('writes, appends, reads, lists and removes', () =>
      ifFiles(async (spec) => {
        await withFiles(bench.driver, spec, async (files) => {
          await files.mkdir('/weft-test', { uid: 1000, gid: 1001, mode: 0o750 });
          await files.write('/weft-test/größe', Readable.from(['one']), { ...fileOptions, uid: 5, gid: 6, mode: 0o600 });
          await files.write('/weft-test/größe', Readable.from([' two']), { ...fileOptions, append: true });
          expect(await readText(files, '/weft-test/größe')).toBe('one two');
          expect(await files.list('/weft-test')).toEqual(['größe']);
          expect(await files.stat('/weft-test')).toMatchObject({ type: 'directory', uid: 1000, gid: 1001, mode: 0o750 });
          expect(await files.stat('/weft-test/größe')).toMatchObject({ type: 'file', uid: 5, gid: 6, mode: 0o600, sizeBytes: 7 });
          await files.remove('/weft-test/größe');
          await expect(files.stat('/weft-test/größe')).rejects.toMatchObject({ code: 'file.not-found' });
          await files.remove('/weft-test');
        });
      }));

    it('makes links, and never follows one out of the guest', () =>
      ifFiles(async (spec) => {
        await withFiles(bench.driver, spec, async (files) => {
          await files.symlink('/weft-link', '/../../../../etc', { uid: 0, gid: 0 });
          expect(await files.readlink('/weft-link')).toBe('/../../../../etc');
          expect(await files.stat('/weft-link')).toMatchObject({ type: 'symlink' });
          await files.write('/weft-link/weft-inside', Readable.from(['inside']), fileOptions);
          expect(await readText(files, '/etc/weft-inside')).toBe('inside');
        });
      }));

    it('says what is not there and what is no file', () =>
      ifFiles(async (spec) => {
        await withFiles(bench.driver, spec, async (files) => {
          await expect(files.read('/no/such/file')).rejects.toMatchObject({ code: 'file.not-found' });
          await expect(files.write('/no/such/dir/file', Readable.from(['x']), fileOptions)).rejects.toMatchObject({ code: 'file.not-found' });
          await expect(files.remove('/')).rejects.toMatchObject({ code: 'file.invalid' });
        });
      }));
  });

  describe('logs', () => {
    it('has a console log that can be cleared', async () => {
      const spec = await bench.started();
      expect(typeof (await bench.driver.consoleLog(spec))).toBe('string');
      await bench.driver.clearConsoleLog(spec);
      for (const path of Object.values(await bench.driver.logs(spec.id))) expect(path.startsWith('/')).toBe(true);
    });
  });
}
