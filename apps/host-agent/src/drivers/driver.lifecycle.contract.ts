import { eventually } from '@weft/testing';
import type { Bench } from './driver.contract';
import { noProgress } from './contract-subject';

/** Create, start, stop, freeze, delete; each twice, and each seen by a new driver object. */
export function describeLifecycle(bench: Bench): void {
  const status = async (id: string) => (await bench.driver.inspect(id)).status;
  const fromImage = () => ({ kind: 'image' as const, fingerprint: bench.subject.imageFingerprint });

  describe('lifecycle', () => {
    it('creates stopped instances and lists them', async () => {
      const spec = await bench.created();
      expect(await bench.driver.list()).toContain(spec.id);
      expect(await bench.driver.inspect(spec.id)).toMatchObject({ status: 'stopped', epoch: 0 });
    });

    it('creates an instance without an image', async () => {
      const spec = { ...bench.subject.spec('empty'), imageFingerprint: '' };
      await bench.driver.create(spec, { kind: 'none' }, {}, noProgress);
      expect(await status(spec.id)).toBe('stopped');
    });

    it('refuses an image that it does not have, and leaves nothing', async () => {
      const spec = bench.subject.spec('missing-image');
      await expect(bench.driver.create(spec, { kind: 'image', fingerprint: 'f'.repeat(64) }, {}, noProgress)).rejects.toMatchObject({
        code: 'image.not-found',
      });
      await bench.driver.delete(spec.id);
      expect(await bench.driver.list()).not.toContain(spec.id);
    });

    it('does each step twice with the effect of once', async () => {
      const spec = await bench.created();
      const { driver } = bench;
      await driver.create(spec, fromImage(), {}, noProgress);
      await driver.start(spec, 1);
      const first = await driver.inspect(spec.id);
      await driver.start(spec, 1);
      expect(await driver.inspect(spec.id)).toEqual(first);
      expect(first).toMatchObject({ status: 'running', epoch: 1 });
      for (let round = 0; round < 2; round += 1) await driver.stop(spec, { force: true, timeoutSeconds: 10 });
      expect(await status(spec.id)).toBe('stopped');
      for (let round = 0; round < 2; round += 1) await driver.delete(spec.id);
      expect(await driver.list()).not.toContain(spec.id);
    });

    it('says stopped, not an error, of an instance it does not know', async () => {
      expect(await status('00000000-0000-7000-8000-000000000000')).toBe('stopped');
    });

    it('shuts a guest down when asked politely', async () => {
      const spec = await bench.started();
      await bench.driver.stop(spec, { force: false, timeoutSeconds: bench.subject.stopTimeoutSeconds });
      expect(await status(spec.id)).toBe('stopped');
    });

    it('leaves a guest alone when its shutdown is called off', async () => {
      const spec = await bench.started();
      const reason = new Error('called off');
      await expect(bench.driver.stop(spec, { force: false, timeoutSeconds: -1, interrupt: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(await status(spec.id)).toBe('running');
    });

    it('starts again with the epoch of the last start', async () => {
      const spec = await bench.started();
      await bench.driver.stop(spec, { force: true, timeoutSeconds: 10 });
      await bench.driver.start(spec, 2);
      expect(await bench.driver.inspect(spec.id)).toMatchObject({ status: 'running', epoch: 2 });
    });

    it('leaves guests running when the driver object goes, and finds them again', async () => {
      const spec = await bench.started();
      const before = await bench.driver.inspect(spec.id);
      await bench.restart();
      expect(await bench.driver.inspect(spec.id)).toEqual(before);
      await bench.driver.stop(spec, { force: true, timeoutSeconds: 10 });
      expect(await status(spec.id)).toBe('stopped');
    });

    it('deletes a running instance: nothing of it runs on', async () => {
      const spec = await bench.started();
      await bench.driver.delete(spec.id);
      expect(await status(spec.id)).toBe('stopped');
      expect(await bench.driver.list()).not.toContain(spec.id);
    });

    it('finishes a create that was cut off in the middle', async () => {
      const spec = bench.subject.spec('cut-off');
      const cut = () => {
        throw new Error('cut off');
      };
      await bench.driver.create(spec, fromImage(), {}, cut).catch(() => undefined);
      await bench.restart();
      await bench.driver.create(spec, fromImage(), {}, noProgress);
      await bench.driver.start(spec, 1);
      expect(await status(spec.id)).toBe('running');
    });

    it('freezes and unfreezes', async () => {
      if (!bench.subject.can.freeze) return;
      const spec = await bench.started();
      for (let round = 0; round < 2; round += 1) await bench.driver.freeze(spec);
      expect(await status(spec.id)).toBe('frozen');
      await bench.restart();
      expect(await status(spec.id)).toBe('frozen');
      for (let round = 0; round < 2; round += 1) await bench.driver.unfreeze(spec);
      expect(await status(spec.id)).toBe('running');
    });

    it('kills a frozen guest', async () => {
      if (!bench.subject.can.freeze) return;
      const spec = await bench.started();
      await bench.driver.freeze(spec);
      await bench.driver.stop(spec, { force: true, timeoutSeconds: 10 });
      expect(await status(spec.id)).toBe('stopped');
    });

    it('tells when a guest halts itself', async () => {
      if (!bench.subject.haltFromInside) return;
      const spec = await bench.started();
      const changed: string[] = [];
      bench.driver.onChange((id) => changed.push(id));
      await bench.subject.haltFromInside(bench.driver, spec);
      await eventually(async () => (await status(spec.id)) === 'stopped' && changed.includes(spec.id));
    });

    it('runs two instances beside each other, whatever their names', async () => {
      const [one, two] = await Promise.all([bench.started('näme-ü'), bench.started('second')]);
      await bench.driver.stop(one, { force: true, timeoutSeconds: 10 });
      expect(await Promise.all([status(one.id), status(two.id)])).toEqual(['stopped', 'running']);
      expect((await bench.driver.usage(two)).processes).toBeGreaterThan(0);
    });

    it('keeps an instance that is renamed', async () => {
      const spec = await bench.created('before');
      await bench.driver.rename({ ...spec, name: 'after' }, 'before');
      await bench.driver.rename({ ...spec, name: 'after' }, 'before');
      await bench.driver.start({ ...spec, name: 'after' }, 1);
      expect(await status(spec.id)).toBe('running');
    });
  });
}
