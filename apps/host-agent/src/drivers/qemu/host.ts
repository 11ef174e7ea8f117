import { existsSync } from 'node:fs';

const UNPACKED = 'qemu/bin/qemu-system-x86_64';

/** Where QEMU is: $WEFT_QEMU, else what tools/setup/qemu.sh unpacked, else the PATH. */
export function qemuBinary(environment: NodeJS.ProcessEnv = process.env, exists: (path: string) => boolean = existsSync): string {
  if (environment.WEFT_QEMU) return environment.WEFT_QEMU;
  const unpacked = `${environment.WEFT_CACHE || '/var/cache/weft'}/${UNPACKED}`;
  return exists(unpacked) ? unpacked : 'qemu-system-x86_64';
}
