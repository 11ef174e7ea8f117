import { z } from 'zod';
import { readJson, writeDurably } from '../../files/durable-file';
import { withReserve } from '../../files/reserve';
import { guestAbiSchema } from './guest-abi';
import type { VmPaths } from './vm-paths';

/**
 * What the driver keeps about a VM; replaced as a whole. What runs is always looked up in the world: the record only
 * tells how to understand what is found.
 *
 *   creating -> stopped -> starting -> running -> stopped
 *                             ^-- killed in here: QEMU waits in "prelaunch" or is gone; start begins anew
 *   incoming -> running                       a guest that comes from another host (migration-target.ts)
 */
const recordSchema = z.object({
  phase: z.enum(['creating', 'stopped', 'starting', 'running', 'incoming']),
  /** Of the last start, 0 when never started. */
  epoch: z.number().int(),
  /** The host's boot id at the last start: after a reboot of the host, process ids mean nothing. */
  hostBoot: z.string(),
  /** What the last start gave the machine. */
  abi: guestAbiSchema.optional(),
  /** The machine whose memory is in `state.bin`: the next start goes on there, unless it is told not to. */
  saved: guestAbiSchema.optional(),
  /** Which template the UEFI variables came from. */
  nvramTemplate: z.string(),
});
export type VmRecord = z.infer<typeof recordSchema>;

export const newRecord = (): VmRecord => ({ phase: 'creating', epoch: 0, hostBoot: '', nvramTemplate: '' });

export const readRecord = (paths: VmPaths): Promise<VmRecord | undefined> => readJson(paths.record, recordSchema);

/** That a VM does not run is noted on a full disk too. */
export function writeRecord(paths: VmPaths, record: VmRecord): Promise<void> {
  const write = () => writeDurably(paths.record, JSON.stringify(record));
  return record.phase === 'stopped' ? withReserve(write) : write();
}
