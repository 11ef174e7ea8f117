import { BRIDGE_ADDRESS, startTestSwitch } from '../../network/host-switch.fixture';
import { run } from '../contract-subject';
import { type ContractSubject, describeDriver } from '../driver.contract';
import { describeLxc, LxcTestbed, TINY } from './lxc.testbed';

jest.setTimeout(60_000);

const reach: NonNullable<ContractSubject['nics']>['reach'] = async (driver, spec, guestName) => {
  const script = `ip address flush dev ${guestName}; ip address add 192.0.2.9/24 dev ${guestName} && { ping -c 1 -W 3 ${BRIDGE_ADDRESS} || ping -c 1 -W 5 ${BRIDGE_ADDRESS}; }`;
  expect(await run(driver, spec, ['sh', '-c', script])).toMatchObject({ code: 0 });
};

const subject = (config: Record<string, string>) => async (): Promise<ContractSubject> => {
  const bed = await LxcTestbed.open();
  const ovs = await startTestSwitch();
  return {
    open: () => Promise.resolve(bed.driver({ netns: ovs.netns, network: ovs.network })),
    imageFingerprint: TINY,
    spec: (name) => bed.spec(name, config),
    stopTimeoutSeconds: 20,
    can: { exec: true, freeze: true, files: 'always' },
    haltFromInside: async (driver, spec) => void (await run(driver, spec, ['poweroff'])),
    nics: { plugged: ovs.ifaceIds, reach },
    close: async () => {
      await bed.close();
      expect(await ovs.wires()).toEqual([]);
      await ovs.stop();
    },
  };
};

describeLxc('lxc', () => {
  describeDriver('lxc, unprivileged', subject({}));
  describeDriver('lxc, privileged', subject({ 'security.privileged': 'true' }));
});
