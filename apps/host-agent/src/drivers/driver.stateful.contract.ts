import { Readable } from 'node:stream';
import type { InstanceSpec } from '@weft/contracts';
import { fileOptions, readText, withFiles } from './contract-subject';
import type { Bench } from './driver.contract';

/** A file that is in the guest's memory only: whoever boots does not find it. */
const IN_MEMORY = '/run/weft-note';
const ON_DISK = '/root/weft-note';

/**
 * Guests whose memory is saved and goes on. `started` gives one that answers, and `untilReady` waits for one that boots.
 * One guest for all of it: booting takes seconds.
 */
export function describeStateful(bench: Bench): void {
  describe('state', () => {
    let spec: InstanceSpec;
    let epoch = 1;

    const write = (path: string, text: string) => withFiles(bench.driver, spec, (files) => files.write(path, Readable.from([text]), fileOptions));
    const read = (path: string) => withFiles(bench.driver, spec, (files) => readText(files, path).catch(() => 'nothing'));
    const status = async () => (await bench.driver.inspect(spec.id)).status;
    const stop = () => bench.driver.stop(spec, { force: false, stateful: true, timeoutSeconds: 30 });
    const start = async (stateless = false) => {
      await bench.driver.start(spec, (epoch += 1), { stateless });
      await bench.subject.untilReady?.(bench.driver, spec);
    };

    beforeAll(async () => {
      spec = await bench.started('stateful');
    });

    it('is kept over a stop, also by an agent that is new, and used once', async () => {
      await write(IN_MEMORY, 'one');
      await stop();
      await stop();
      expect(await status()).toBe('stopped');
      await bench.restart();
      await start();
      expect(await read(IN_MEMORY)).toBe('one');
      expect(await status()).toBe('running');
    });

    it('is in a snapshot together with the disk of that moment, and the guest goes on', async () => {
      await write(IN_MEMORY, 'then');
      await write(ON_DISK, 'then');
      await bench.driver.createSnapshot(spec, 'warm', { stateful: true });
      expect(await status()).toBe('running');
      await write(IN_MEMORY, 'now');
      await write(ON_DISK, 'now');
      await bench.driver.stop(spec, { force: true, timeoutSeconds: 30 });
      await bench.driver.restoreSnapshot(spec, 'warm', { stateful: true });
      await start();
      expect([await read(IN_MEMORY), await read(ON_DISK)]).toEqual(['then', 'then']);
    });

    it('is thrown away by a start without it', async () => {
      await write(IN_MEMORY, 'gone');
      await stop();
      await start(true);
      expect([await read(IN_MEMORY), await status()]).toEqual(['nothing', 'running']);
    });

    it('is only in snapshots that were taken with it, of guests that run', async () => {
      await bench.driver.createSnapshot(spec, 'cold');
      await bench.driver.stop(spec, { force: true, timeoutSeconds: 30 });
      await expect(bench.driver.restoreSnapshot(spec, 'cold', { stateful: true })).rejects.toThrow('Instance has no existing state to restore');
      await expect(bench.driver.createSnapshot(spec, 'never', { stateful: true })).rejects.toThrow("The instance isn't running");
    });
  });
}
