/**
 * What a guest sees of its machine: fixed when it starts cold, and taken along wherever its memory goes (another host, a
 * file), because devices in other places, another CPU or another machine type would break what runs. Machine type and
 * CPU model stay from one cold start to the next, so that an upgrade of the host changes no guest's hardware.
 *
 * PCI addresses are part of it too: machine.command.ts fixes them.
 */
import { z } from 'zod';

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
}

/**
 * For a cold start.
 * @param before of the last start
 * @param newest the versioned machine type that this QEMU calls q35
 */
export function coldStartAbi(needs: AbiNeeds, before: GuestAbi | undefined, newest: string): GuestAbi {
  const { accelerator, cpus, memoryBytes, secureBoot, movable } = needs;
  const cpuModel = accelerator === 'tcg' ? 'max' : movable ? PORTABLE : 'host';
  return { machineType: before?.machineType ?? newest, cpuModel, accelerator, cpus, maxCpus: cpus, memoryBytes, secureBoot };
}

/** The versioned type behind `q35` in the words of `qemu -machine help`. */
export const newestMachineType = (help: string): string => /^q35\s.*\(alias of (pc-q35-[\d.]+)\)/m.exec(help)?.[1] ?? 'q35';
