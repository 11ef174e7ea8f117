/**
 * Keeps QEMU from pausing the guest before it may.
 *
 * QEMU looks for changed memory when less is left than fits into the pause, and pauses the guest when that is still so: also when it finds nothing
 * at all, which no allowed pause is too short for. A guest that is idle, or has no processor for a moment, would be paused early. But a bitmap of
 * changed blocks counts as something that is left until the guest is paused (QEMU docs/interop/bitmaps, capability "dirty-bitmaps"). One of
 * a device that holds nothing is enough: while less is allowed than it counts, nothing is looked for and nobody is paused.
 */
import type { QmpClient } from '@weft/qmp';
import { unlessRefused } from './migration-record';

const NODE = 'weft-move-gate';
const BITMAP = 'gate';
const DEVICE_BYTES = 16 * 2 ** 20;
const BLOCK_BYTES = 4_096;
/** What it counts as left: a byte for each block. */
export const GATE_BYTES = DEVICE_BYTES / BLOCK_BYTES;

/** The device, which both sides have: the bitmap comes along. */
export async function addGateDevice(qmp: QmpClient): Promise<void> {
  await removeGate(qmp);
  await qmp.execute('blockdev-add', { driver: 'null-co', 'node-name': NODE, size: DEVICE_BYTES });
}

export async function addGate(qmp: QmpClient): Promise<void> {
  await addGateDevice(qmp);
  await qmp.executeAny('block-dirty-bitmap-add', { node: NODE, name: BITMAP, granularity: BLOCK_BYTES });
}

export async function removeGate(qmp: QmpClient): Promise<void> {
  await unlessRefused(qmp.executeAny('block-dirty-bitmap-remove', { node: NODE, name: BITMAP }));
  await unlessRefused(qmp.execute('blockdev-del', { 'node-name': NODE }));
}
