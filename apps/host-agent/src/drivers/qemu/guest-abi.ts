/**
 * What a guest sees of its machine: fixed when it starts cold, and taken along wherever its memory goes (another host, a
 * file), because devices in other places, another CPU or another machine type would break what runs. Machine type and
 * CPU model stay from one cold start to the next, so that an upgrade of the host changes no guest's hardware.
 *
 * PCI addresses are part of it too: machine.command.ts fixes them.
 */
import { WeftError } from '@weft/contracts';
import { z } from 'zod';
import type { Nic } from '../../network/nic';

const abiNic = z.object({
  /** PCI slot: which of the root ports for network devices. */
  slot: z.number().int(),
  hwaddr: z.string(),
  mtu: z.number().int(),
  /** Does the guest leave checksums and segments to the host? */
  offload: z.boolean(),
});
export type AbiNic = z.infer<typeof abiNic>;

/** Root ports for network devices, which QEMU can plug in and out of a running machine. */
export const NIC_SLOTS = 8;

export const guestAbiSchema = z.object({
  /** A versioned one, such as pc-q35-10.0. */
  machineType: z.string(),
  /** As `-cpu` takes it. */
  cpuModel: z.string(),
  accelerator: z.enum(['kvm', 'tcg']),
  cpus: z.number().int(),
  /** vCPUs that the machine has room for. */
  maxCpus: z.number().int(),
  memoryBytes: z.number(),
  secureBoot: z.boolean(),
  /** Network devices by name: where they are plugged in and what they offer. */
  nics: z.record(z.string(), abiNic).default({}),
});
export type GuestAbi = z.infer<typeof guestAbiSchema>;

/**
 * x86-64-v2 on any maker's processor: what a guest that may move to another host can rely on. `enforce` makes QEMU
 * refuse to start where the host lacks any of it.
 */
const PORTABLE = 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+lahf-lm,enforce';

export interface AbiNeeds {
  accelerator: 'kvm' | 'tcg';
  cpus: number;
  memoryBytes: number;
  secureBoot: boolean;
  /** `migration.stateful`: the guest may have to go on elsewhere. */
  movable: boolean;
  nics: readonly Pick<Nic, 'device' | 'hwaddr' | 'mtu'>[];
  /** Does the host's switch finish checksums? */
  offload: boolean;
}

/**
 * For a cold start.
 * @param before of the last start
 * @param newest the versioned machine type that this QEMU calls q35
 */
export function coldStartAbi(needs: AbiNeeds, before: GuestAbi | undefined, newest: string): GuestAbi {
  const { accelerator, cpus, memoryBytes, secureBoot, movable, offload } = needs;
  const cpuModel = accelerator === 'tcg' ? 'max' : movable ? PORTABLE : 'host';
  return {
    machineType: before?.machineType ?? newest,
    cpuModel,
    accelerator,
    cpus,
    maxCpus: cpus,
    memoryBytes,
    secureBoot,
    nics: slotsFor(needs.nics, before?.nics ?? {}, offload),
  };
}

/**
 * A device keeps its slot as long as it is there; a new one gets the first that is free.
 *
 * @throws WeftError device.invalid when there are more devices than slots
 */
export function slotsFor(nics: AbiNeeds['nics'], before: Readonly<Record<string, AbiNic>>, offload: boolean): Record<string, AbiNic> {
  const kept = nics.flatMap(({ device }) => before[device]?.slot ?? []);
  const free = Array.from({ length: NIC_SLOTS }, (_, slot) => slot).filter((slot) => !kept.includes(slot));
  return Object.fromEntries(
    nics.map(({ device, hwaddr, mtu }) => {
      const slot = before[device]?.slot ?? free.shift();
      if (slot === undefined) throw new WeftError('device.invalid', `Device "${device}": a virtual machine has at most ${NIC_SLOTS} network devices`);
      return [device, { slot, hwaddr, mtu, offload }];
    }),
  );
}

/** The versioned type behind `q35` in the words of `qemu -machine help`. */
export const newestMachineType = (help: string): string => /^q35\s.*\(alias of (pc-q35-[\d.]+)\)/m.exec(help)?.[1] ?? 'q35';
