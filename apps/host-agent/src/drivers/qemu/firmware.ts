import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WeftError } from '@weft/contracts';

/** A UEFI firmware: the code is shared and read only, each VM has its own copy of the variables. */
export interface Firmware {
  code: string;
  variables: string;
  secureBoot: boolean;
}

const DIRECTORIES = ['/usr/share/OVMF', '/usr/share/edk2/x64', '/usr/share/qemu'];

/** File names of Debian's and Ubuntu's `ovmf`, newest layout first; `.ms` variables hold Microsoft's keys. */
const PLAIN = [
  ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd'],
  ['OVMF_CODE.fd', 'OVMF_VARS.fd'],
] as const;
const SIGNED = [
  ['OVMF_CODE_4M.secboot.fd', 'OVMF_VARS_4M.ms.fd'],
  ['OVMF_CODE.secboot.fd', 'OVMF_VARS.ms.fd'],
] as const;

/** @throws WeftError instance.wrong-status when this host has none */
export function findFirmware(secureBoot: boolean, exists: (path: string) => boolean = existsSync): Firmware {
  for (const directory of DIRECTORIES) {
    for (const [code, variables] of secureBoot ? SIGNED : PLAIN) {
      const found = { code: join(directory, code), variables: join(directory, variables), secureBoot };
      if (exists(found.code) && exists(found.variables)) return found;
    }
  }
  const what = secureBoot ? 'UEFI firmware with Microsoft keys, which security.secureboot asks for' : 'UEFI firmware';
  throw new WeftError('instance.wrong-status', `This host has no ${what}: install the package ovmf`);
}
