/**
 * What every driver must do, examined from outside; `lxc`, `qemu` and `sim` run it in their `.int.spec.ts`:
 *
 *     describeDriver('sim container', async () => ({ open: ..., spec: ..., ... }));
 */
import type { InstanceSpec } from '@weft/contracts';
import { describeGuestAccess } from './driver.guest.contract';
import { describeLifecycle } from './driver.lifecycle.contract';
import { describeNics } from './driver.nic.contract';
import { describeStorage } from './driver.storage.contract';
import { noProgress, type ContractSubject } from './contract-subject';
import type { Driver } from './driver';

export type { ContractSubject } from './contract-subject';

/** The driver under examination, with shorthands for what every test begins with. */
export interface Bench {
  readonly subject: ContractSubject;
  readonly driver: Driver;
  /** A new driver object over the same directory takes over, as after a restart of the agent. */
  restart(): Promise<void>;
  /** A stopped instance from the image. */
  created(name?: string): Promise<InstanceSpec>;
  started(name?: string): Promise<InstanceSpec>;
}

export function describeDriver(name: string, prepare: () => Promise<ContractSubject>): void {
  describe(`driver contract: ${name}`, () => {
    let subject: ContractSubject;
    let driver: Driver;
    let counter = 0;
    const bench: Bench = {
      get subject() {
        return subject;
      },
      get driver() {
        return driver;
      },
      restart: async () => {
        driver = await subject.open();
      },
      created: async (label = `contract-${(counter += 1)}`) => {
        const spec = subject.spec(label);
        await driver.create(spec, { kind: 'image', fingerprint: subject.imageFingerprint }, {}, noProgress);
        return spec;
      },
      started: async (label) => {
        const spec = await bench.created(label);
        await driver.start(spec, 1);
        await subject.untilReady?.(driver, spec);
        return spec;
      },
    };

    beforeAll(async () => {
      subject = await prepare();
      driver = await subject.open();
      const probe = await driver.probe();
      if (!probe.usable) throw new Error(`The driver cannot run here: ${probe.reason}`);
    });
    afterEach(async () => {
      for (const id of await driver.list()) await driver.delete(id);
    });
    afterAll(async () => {
      await subject.close();
    });

    describeLifecycle(bench);
    describeStorage(bench);
    describeGuestAccess(bench);
    describeNics(bench);
  });
}
