import { Readable } from 'node:stream';
import type { InstanceSpec } from '@weft/contracts';
import type { Bench } from './driver.contract';
import { fileOptions, noProgress, readText, withFiles } from './contract-subject';

/** Snapshots, restore and copies. What is inside is looked at only where the driver reads files of stopped guests. */
export function describeStorage(bench: Bench): void {
  const write = async (spec: InstanceSpec, content: string) => {
    if (bench.subject.can.files === 'always') await withFiles(bench.driver, spec, (files) => files.write('/note', Readable.from([content]), fileOptions));
  };
  const expectNote = async (spec: InstanceSpec, content: string) => {
    if (bench.subject.can.files === 'always') expect(await withFiles(bench.driver, spec, (files) => readText(files, '/note'))).toBe(content);
  };

  describe('storage', () => {
    it('restores what a snapshot holds', async () => {
      const spec = await bench.created();
      await write(spec, 'first');
      await bench.driver.createSnapshot(spec, 'snap-1');
      await bench.driver.createSnapshot(spec, 'snap-1');
      await write(spec, 'second');
      await bench.restart();
      await bench.driver.restoreSnapshot(spec, 'snap-1');
      await bench.driver.restoreSnapshot(spec, 'snap-1');
      await expectNote(spec, 'first');
      await bench.driver.start(spec, 1);
      expect((await bench.driver.inspect(spec.id)).status).toBe('running');
    });

    it('keeps later and earlier snapshots apart', async () => {
      const spec = await bench.created();
      for (const note of ['one', 'two']) {
        await write(spec, note);
        await bench.driver.createSnapshot(spec, `snap-${note}`);
      }
      await write(spec, 'three');
      await bench.driver.restoreSnapshot(spec, 'snap-one');
      await expectNote(spec, 'one');
      await bench.driver.restoreSnapshot(spec, 'snap-two');
      await expectNote(spec, 'two');
    });

    it('takes a snapshot of a running guest', async () => {
      const spec = await bench.started();
      await bench.driver.createSnapshot(spec, 'live');
      expect((await bench.driver.inspect(spec.id)).status).toBe('running');
    });

    it('deletes snapshots, once and again, and says when one is missing', async () => {
      const spec = await bench.created();
      await bench.driver.createSnapshot(spec, 'gone');
      await bench.driver.deleteSnapshot(spec.id, 'gone');
      await bench.driver.deleteSnapshot(spec.id, 'gone');
      await expect(bench.driver.restoreSnapshot(spec, 'gone')).rejects.toMatchObject({ code: 'snapshot.not-found' });
    });

    it('keeps what others were copied from usable', async () => {
      const original = await bench.created();
      await write(original, 'shared');
      const copy = bench.subject.spec('copy');
      await bench.driver.create(copy, { kind: 'instance', instanceId: original.id }, {}, noProgress);
      await write(original, 'changed');
      await expectNote(copy, 'shared');
      await bench.driver.delete(original.id);
      await bench.restart();
      await expectNote(copy, 'shared');
      await bench.driver.start(copy, 1);
      expect((await bench.driver.inspect(copy.id)).status).toBe('running');
    });

    it('copies from a snapshot', async () => {
      const original = await bench.created();
      await write(original, 'then');
      await bench.driver.createSnapshot(original, 'then');
      await write(original, 'now');
      const copy = bench.subject.spec('copy-of-snapshot');
      const source = { kind: 'snapshot' as const, instanceId: original.id, snapshotId: 'then' };
      await bench.driver.create(copy, source, {}, noProgress);
      await bench.driver.create(copy, source, {}, noProgress);
      await bench.driver.delete(original.id);
      await expectNote(copy, 'then');
    });

    it('takes snapshots along with a copy', async () => {
      const original = await bench.created();
      await write(original, 'then');
      await bench.driver.createSnapshot(original, 'old');
      await write(original, 'now');
      const copy = bench.subject.spec('copy-with-snapshots');
      await bench.driver.create(copy, { kind: 'instance', instanceId: original.id }, { old: 'new' }, noProgress);
      await bench.driver.delete(original.id);
      await expectNote(copy, 'now');
      await bench.driver.restoreSnapshot(copy, 'new');
      await expectNote(copy, 'then');
    });
  });
}
