import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newId, WeftError, type InstanceType } from '@weft/contracts';
import { createLogger } from '@weft/platform';
import { scratchDir } from '@weft/testing';
import type { DriverImages } from '../../images/image-store';
import { noProgress, run } from '../contract-subject';
import { describeDriver, type Bench, type ContractSubject } from '../driver.contract';
import type { Driver } from '../driver';
import { describeStateful } from '../driver.stateful.contract';
import { createSimDriver } from './index';
import { SimHost } from './sim-host';

const FINGERPRINT = 'a'.repeat(64);

/** The simulated driver only asks whether an image is there. */
const images: DriverImages = {
  containerRoot: () => Promise.reject(new Error('not used')),
  vmDisk: () => Promise.reject(new Error('not used')),
  metadataDir: (fingerprint) => (fingerprint === FINGERPRINT ? Promise.resolve('/') : Promise.reject(new WeftError('image.not-found', 'not here'))),
};

const subject = (type: InstanceType) => async (): Promise<ContractSubject> => {
  const { path: dir, remove } = await scratchDir();
  await mkdir(join(dir, 'instances'));
  return {
    open: () => Promise.resolve(createSimDriver({ dir, images, logger: createLogger('sim', 'fatal') }).find((driver) => driver.type === type)!),
    imageFingerprint: FINGERPRINT,
    spec: (name) => ({
      id: newId(),
      project: 'default',
      name,
      type,
      architecture: 'x86_64',
      ephemeral: false,
      imageFingerprint: FINGERPRINT,
      config: {},
      devices: {},
    }),
    stopTimeoutSeconds: 5,
    can: { exec: true, freeze: true, files: 'always' },
    nics: { plugged: async (id) => ((await new SimHost(dir).guest(id))?.nics ?? []).map(({ ifaceId }) => ifaceId).sort() },
    haltFromInside: async (driver, spec) => void (await run(driver, spec, ['poweroff'])),
    close: remove,
  };
};

describeDriver('sim container', subject('container'));
describeDriver('sim virtual machine', subject('virtual-machine'));

describe('sim virtual machine', () => {
  let subjectHere: ContractSubject;
  let driver: Driver;
  beforeAll(async () => {
    subjectHere = await subject('virtual-machine')();
    driver = await subjectHere.open();
  });
  afterAll(() => subjectHere.close());

  const created = async (name = 'stateful') => {
    const spec = subjectHere.spec(name);
    await driver.create(spec, { kind: 'none' }, {}, noProgress);
    return spec;
  };
  const bench: Bench = {
    get subject() {
      return subjectHere;
    },
    get driver() {
      return driver;
    },
    restart: async () => void (driver = await subjectHere.open()),
    created,
    started: async (name) => {
      const spec = await created(name);
      await driver.start(spec, 1);
      return spec;
    },
  };
  describeStateful(bench);
});
