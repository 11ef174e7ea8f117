import { describeDriver, type ContractSubject } from '../driver.contract';
import { run } from '../contract-subject';
import { FINGERPRINT, testHost, untilAgentAnswers } from './tiny-vm.fixture';

jest.setTimeout(120_000);

/** Booting takes seconds under TCG: only tests that talk to the guest wait for it. */
const TALKING = /exec |files |politely|halts itself|whatever their names/;

describeDriver('qemu', async (): Promise<ContractSubject> => {
  const host = await testHost();
  return {
    open: () => Promise.resolve(host.open()),
    imageFingerprint: FINGERPRINT,
    spec: (name) => host.spec(name),
    stopTimeoutSeconds: 60,
    can: { exec: true, freeze: true, files: 'running' },
    haltFromInside: async (driver, spec) => void (await run(driver, spec, ['poweroff'])),
    untilReady: async (driver, spec) => {
      if (TALKING.test(expect.getState().currentTestName ?? '')) await untilAgentAnswers(driver, spec);
    },
    close: host.remove,
  };
});
