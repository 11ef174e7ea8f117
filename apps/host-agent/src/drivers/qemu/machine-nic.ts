/**
 * A network device of a virtual machine in QEMU's words, the same on the command line and for a machine that runs
 * (`netdev_add`, `device_add`). Pure.
 */
import type { AbiNic } from './guest-abi';

export const backendId = ({ slot }: AbiNic): string => `net${slot}`;
export const deviceId = ({ slot }: AbiNic): string => `nic${slot}`;

/** The tap is there already; QEMU runs no program for it. */
export const tapBackend = (nic: AbiNic, tap: string) => ({ type: 'tap' as const, id: backendId(nic), ifname: tap, script: 'no', downscript: 'no' });

const OFFLOADS = ['csum', 'gso', 'guest_csum', 'guest_tso4', 'guest_tso6', 'guest_ufo', 'guest_ecn', 'host_tso4', 'host_tso6', 'host_ufo', 'host_ecn'];

export const nicDevice = (nic: AbiNic, hasBackend: boolean): { driver: string; id: string } & Record<string, unknown> => ({
  driver: 'virtio-net-pci',
  id: deviceId(nic),
  bus: `nic-port${nic.slot}`,
  mac: nic.hwaddr,
  host_mtu: nic.mtu,
  // No option ROM: the firmware has a driver of its own, and a ROM's size would be part of what migrates.
  romfile: '',
  ...(hasBackend ? { netdev: backendId(nic) } : {}),
  ...(nic.offload ? {} : Object.fromEntries(OFFLOADS.map((name) => [name, false]))),
});
