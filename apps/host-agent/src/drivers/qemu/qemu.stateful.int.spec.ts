import type { Bench } from '../driver.contract';
import { noProgress } from '../contract-subject';
import type { Driver } from '../driver';
import { describeStateful } from '../driver.stateful.contract';
import { FINGERPRINT, testHost, untilAgentAnswers, type TestHost } from './tiny-vm.fixture';

jest.setTimeout(240_000);

describe('the state of a virtual machine', () => {
  let host: TestHost;
  let driver: Driver;

  beforeAll(async () => {
    host = await testHost();
    driver = host.open();
  });
  afterAll(async () => {
    for (const id of await driver.list()) await driver.delete(id);
    await host.remove();
  });

  const created = async (name = 'stateful') => {
    const spec = host.spec(name, { 'migration.stateful': 'true' });
    await driver.create(spec, { kind: 'image', fingerprint: FINGERPRINT }, {}, noProgress);
    return spec;
  };
  const bench: Bench = {
    get subject() {
      return {
        open: () => Promise.resolve(host.open()),
        imageFingerprint: FINGERPRINT,
        spec: (name: string) => host.spec(name),
        stopTimeoutSeconds: 120,
        can: { exec: true, freeze: true, files: 'running' as const },
        untilReady: async (from: Driver, spec: Parameters<Driver['start']>[0]) => void (await untilAgentAnswers(from, spec)),
        close: host.remove,
      };
    },
    get driver() {
      return driver;
    },
    restart: () => Promise.resolve(void (driver = host.open())),
    created,
    started: async (name) => {
      const spec = await created(name);
      await driver.start(spec, 1);
      await untilAgentAnswers(driver, spec);
      return spec;
    },
  };
  describeStateful(bench);
});
