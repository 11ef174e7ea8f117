/**
 * A container's network devices: veth pairs whose one end is in the container and the other one in br-int.
 *
 * liblxc's start-host hook (lxc.container.conf(5)) makes them, not the agent: a guest that reboots gets a new network
 * namespace, whether an agent runs then or not. What it shall make is in a file that the agent writes.
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostNetwork } from '../../network/host-network';
import { inStep } from '../../files/in-step';
import { nicChanges, type Nic } from '../../network/nic';

/**
 * One line for each device in `nics`: link, name in the guest, MAC, MTU, checksum offload. `WEFT_PART`: only `make` them, or only
 * `raise` the guest's ends.
 */
const SCRIPT = `#!/bin/sh
# Makes the wires of a container's network devices; written by the host agent.
set -eu
PATH=$PATH:/usr/sbin:/sbin
make() {
  ip link add name "$link" mtu "$mtu" up type veth peer name "$name" mtu "$mtu" address "$hwaddr" netns "$LXC_PID"
}
while read -r link name hwaddr mtu offload; do
  # Most often there is none from before, and each program takes its time.
  [ "\${WEFT_PART:-make}" != make ] || make 2>/dev/null || { ip link delete dev "$link" 2>/dev/null || :; make; }
  [ "\${WEFT_PART:-raise}" = raise ] || continue
  nsenter "--net=/proc/$LXC_PID/ns/net" sh -c '[ "$1" = on ] || ethtool -K "$0" tx off >/dev/null; exec ip link set dev "$0" up' "$name" "$offload"
done <"\${WEFT_NICS:-\${0%/*}/nics}"
`;

const scriptIn = (dir: string): string => join(dir, 'make-wires');

/** @returns the hook, which reads what is written here */
export async function prepareWires(dir: string, nics: readonly Nic[], network: HostNetwork): Promise<string> {
  await writeHook(dir, nics, nics.length > 0 && (await network.finishesChecksums()));
  return scriptIn(dir);
}

const writeHook = (dir: string, nics: readonly Nic[], finishesChecksums: boolean): Promise<unknown> =>
  Promise.all([writeFile(scriptIn(dir), SCRIPT, { mode: 0o700 }), writeWires(join(dir, 'nics'), nics, finishesChecksums)]);

async function writeWires(file: string, nics: readonly Nic[], finishesChecksums: boolean): Promise<void> {
  const offload = finishesChecksums ? 'on' : 'off';
  const lines = nics.map(({ link, guestName, hwaddr, mtu }) => `${[link, guestName, hwaddr, mtu, offload].join(' ')}\n`);
  await writeFile(`${file}.new`, lines.join(''), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Gives a running container these devices and no others. */
export async function changeWires(dir: string, instanceId: string, initPid: number, nics: readonly Nic[], network: HostNetwork): Promise<void> {
  const [present, offload] = await Promise.all([network.plugged(instanceId), network.finishesChecksums()]);
  const { removed, added, kept } = nicChanges(present, nics);
  // First what a reboot of the guest makes: from here on it makes the new devices.
  await writeHook(dir, nics, offload);
  await network.unplug(removed);
  if (added.length === 0) return network.plug(kept);
  const file = join(dir, 'nics.added');
  await writeWires(file, added, offload);
  const run = (part: 'make' | 'raise') => network.links.run('sh', [scriptIn(dir)], { LXC_PID: String(initPid), WEFT_NICS: file, WEFT_PART: part });
  await run('make');
  // OVN gets to work on the host's end while the guest's one is raised.
  await inStep([run('raise'), network.plug([...kept, ...added])]);
}
