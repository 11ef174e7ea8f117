import type { BoundNic, InstanceSpec } from '@weft/contracts';
import { eventually } from '@weft/testing';
import type { Bench } from './driver.contract';

const bound = (number: number, more: Partial<BoundNic> = {}): BoundNic => ({
  ifaceId: `weft-net-port${number}`,
  hwaddr: `00:16:3e:00:00:0${number}`,
  mtu: 1400,
  network: 'blue',
  guestName: `eth${number}`,
  addresses: [`192.0.2.1${number}/24`],
  ...more,
});

/** Network devices: plugged in from start to end, changed while the guest runs, and never left behind. */
export function describeNics(bench: Bench): void {
  describe('network devices', () => {
    const nics = () => bench.subject.nics;
    const withNics = (spec: InstanceSpec, bounds: readonly BoundNic[]): InstanceSpec => ({
      ...spec,
      devices: { ...spec.devices, ...Object.fromEntries(bounds.map(({ guestName, network }) => [guestName, { type: 'nic', network }])) },
      nics: Object.fromEntries(bounds.map((nic) => [nic.guestName, nic])),
    });
    const started = async (...bounds: BoundNic[]): Promise<InstanceSpec> => {
      const spec = withNics(await bench.created(), bounds);
      await bench.driver.start(spec, 1);
      await bench.subject.untilReady?.(bench.driver, spec);
      return spec;
    };
    const plugged = (spec: InstanceSpec) => nics()!.plugged(spec.id);
    const network = async (spec: InstanceSpec) => Object.values((await bench.driver.usage(spec)).network ?? {}) as { hwaddr: string; host_name: string }[];
    const force = { force: true, timeoutSeconds: 5 };

    it('are plugged in at a start, told of, and unplugged at a stop, by whatever agent', async () => {
      if (!nics()) return;
      const spec = await started(bound(0), bound(1, { hostName: 'weft-contract' }));
      expect(await plugged(spec)).toEqual(['weft-net-port0', 'weft-net-port1']);
      const seen = await network(spec);
      expect(seen).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ hwaddr: '00:16:3e:00:00:00', mtu: 1400, state: 'up', type: 'broadcast' }),
          expect.objectContaining({ hwaddr: '00:16:3e:00:00:01', host_name: 'weft-contract' }),
        ]),
      );
      await bench.restart();
      expect(await plugged(spec)).toEqual(['weft-net-port0', 'weft-net-port1']);
      await bench.driver.stop(spec, force);
      expect(await plugged(spec)).toEqual([]);
      await bench.driver.start(spec, 2);
      expect(await plugged(spec)).toHaveLength(2);
      await bench.driver.delete(spec.id);
      expect(await plugged(spec)).toEqual([]);
    });

    it('carry packets, come and go while the guest runs, and can be told twice', async () => {
      if (!nics()) return;
      const spec = await started(bound(0));
      const { driver } = bench;
      await nics()!.reach?.(driver, spec, 'eth0');
      const both = withNics(spec, [bound(0), bound(1)]);
      for (let round = 0; round < 2; round += 1) await driver.update(both);
      expect(await plugged(spec)).toEqual(['weft-net-port0', 'weft-net-port1']);
      await nics()!.reach?.(driver, both, 'eth1');
      const other = withNics({ ...spec, devices: {} }, [bound(1, { ifaceId: 'weft-red-port1' })]);
      await driver.update({ ...other, devices: { ...spec.devices, eth0: { type: 'none' }, eth1: { type: 'nic' } } });
      expect(await plugged(spec)).toEqual(['weft-red-port1']);
      await nics()!.reach?.(driver, other, 'eth1');
      expect((await network(spec)).map(({ hwaddr }) => hwaddr)).not.toContain('00:16:3e:00:00:00');
    });

    it('go when the guest halts itself', async () => {
      const { haltFromInside } = bench.subject;
      if (!nics() || !haltFromInside) return;
      const spec = await started(bound(0));
      bench.driver.onChange(() => undefined);
      await haltFromInside(bench.driver, spec);
      await eventually(async () => (await plugged(spec)).length === 0, { timeoutMs: 60_000, what: 'no port' });
    });

    it('are refused when no network has bound them, and nothing is started', async () => {
      const spec = await bench.created();
      const wanted = { ...spec, devices: { ...spec.devices, eth0: { type: 'nic', network: 'blue' } } };
      await expect(bench.driver.start(wanted, 1)).rejects.toMatchObject({ code: 'device.invalid' });
      expect(await bench.driver.inspect(spec.id)).toMatchObject({ status: 'stopped' });
    });
  });
}
