import { run } from '../contract-subject';
import { type ContractSubject, describeDriver } from '../driver.contract';
import { describeLxc, LxcTestbed, TINY } from './lxc.testbed';

jest.setTimeout(60_000);

const subject = (config: Record<string, string>) => async (): Promise<ContractSubject> => {
  const bed = await LxcTestbed.open();
  return {
    open: () => Promise.resolve(bed.driver()),
    imageFingerprint: TINY,
    spec: (name) => bed.spec(name, config),
    stopTimeoutSeconds: 20,
    can: { exec: true, freeze: true, files: 'always' },
    haltFromInside: async (driver, spec) => void (await run(driver, spec, ['poweroff'])),
    close: () => bed.close(),
  };
};

describeLxc('lxc', () => {
  describeDriver('lxc, unprivileged', subject({}));
  describeDriver('lxc, privileged', subject({ 'security.privileged': 'true' }));
});
