import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const UNPACKED = 'qemu/bin/qemu-system-x86_64';

/** Where QEMU is: $WEFT_QEMU, else what tools/setup/qemu.sh unpacked, else the PATH. */
export function qemuBinary(environment: NodeJS.ProcessEnv = process.env, exists: (path: string) => boolean = existsSync): string {
  if (environment.WEFT_QEMU) return environment.WEFT_QEMU;
  const unpacked = `${environment.WEFT_CACHE || '/var/cache/weft'}/${UNPACKED}`;
  return exists(unpacked) ? unpacked : 'qemu-system-x86_64';
}

/** New at every boot of the host's kernel. */
export const hostBootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
