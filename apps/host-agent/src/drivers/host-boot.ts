import { readFile } from 'node:fs/promises';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** New at every boot of the host's kernel, see random(4). Hosts that share a kernel share it. */
export const hostBootId = async (): Promise<string> => (await readFile(BOOT_ID, 'utf8')).trim();
