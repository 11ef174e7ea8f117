/** Network devices of a virtual machine, before it starts and while it runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import type { QmpClient } from '@weft/qmp';
import type { HostNetwork } from '../../network/host-network';
import { nicChanges, type Nic } from '../../network/nic';
import { type AbiNic, type GuestAbi, slotsFor } from './guest-abi';
import { backendId, deviceId, nicDevice, tapBackend } from './machine-nic';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';

/** A guest that has booted gives a device back within a second. */
const UNPLUG_MS = 15_000;
const LOOK_MS = 50;

/**
 * Taps in br-int for the devices that the machine has.
 *
 * @returns device -> tap
 */
export async function prepareTaps(nics: readonly Nic[], abi: GuestAbi, network: HostNetwork | undefined): Promise<Record<string, string>> {
  const present = nics.filter(({ device }) => abi.nics[device] !== undefined);
  for (const nic of present) await network?.links.makeTap(nic);
  await network?.plug(present);
  return Object.fromEntries(present.map(({ device, link }) => [device, link]));
}

/** Gives a running machine these devices and no others. @returns what it has then */
export async function changeNics(paths: VmPaths, instanceId: string, abi: GuestAbi, wanted: readonly Nic[], network: HostNetwork): Promise<GuestAbi> {
  const { removed, added, kept } = nicChanges(await network.plugged(instanceId), wanted);
  const offload = await network.finishesChecksums();
  const left = Object.fromEntries(Object.entries(abi.nics).filter(([device]) => kept.some((nic) => nic.device === device)));
  const gone = Object.entries(abi.nics).filter(([device]) => left[device] === undefined);
  const slots = slotsFor(wanted, left, offload);
  await withMonitor(paths, async (qmp) => {
    for (const [device, nic] of gone) await unplugDevice(qmp, device, nic);
    await network.unplug(removed);
    for (const nic of added) {
      await network.links.makeTap(nic);
      await network.plug([nic]);
      await plugDevice(qmp, slots[nic.device]!, nic.link);
    }
  });
  await network.plug(kept);
  return { ...abi, nics: { ...slots, ...left } };
}

async function plugDevice(qmp: QmpClient, nic: AbiNic, tap: string): Promise<void> {
  await qmp.execute('netdev_add', tapBackend(nic, tap));
  await qmp.execute('device_add', nicDevice(nic, true));
}

/** The guest is asked for the device, and gives it back when it likes. @throws WeftError when it does not; then it has it still */
async function unplugDevice(qmp: QmpClient, device: string, nic: AbiNic): Promise<void> {
  const isThere = async () => (await qmp.execute('qom-list', { path: '/machine/peripheral' })).some(({ name }) => name === deviceId(nic));
  if (await isThere()) await qmp.execute('device_del', { id: deviceId(nic) });
  for (const deadline = Date.now() + UNPLUG_MS; await isThere(); await sleep(LOOK_MS))
    if (Date.now() > deadline) throw new WeftError('instance.wrong-status', `The guest does not give device "${device}" back: stop the instance first`);
  await qmp.execute('netdev_del', { id: backendId(nic) });
}
