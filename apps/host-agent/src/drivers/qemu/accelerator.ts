/**
 * KVM or TCG? /dev/kvm being there does not mean that a guest boots under it (nested and paravirtual hosts), so one is
 * booted: the UEFI firmware without any disk, until it says on the serial port that it found nothing to boot.
 * The verdict is kept until the host or QEMU changes.
 */
import { spawn } from 'node:child_process';
import { access, constants, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeDurably } from '../../files/durable-file';
import { findFirmware } from './firmware';
import { hostBootId } from '../host-boot';

export interface Accelerator {
  name: 'kvm' | 'tcg';
  /** Why it is not KVM, for the user. */
  reason: string;
}

const verdictSchema = z.object({ key: z.string(), name: z.enum(['kvm', 'tcg']), reason: z.string() });

/** Firmware needs less than two seconds under a KVM that works. */
const TRIAL_MS = 15_000;
const BOOTED = /BdsDxe|UEFI Interactive Shell/;
const FAILED = /KVM internal error|error: |Could not access KVM|failed to initialize/i;

/** @param cacheFile where the verdict is kept */
export async function chooseAccelerator(qemu: string, version: string, cacheFile: string): Promise<Accelerator> {
  const forced = process.env.WEFT_QEMU_ACCELERATOR;
  if (forced === 'tcg' || forced === 'kvm') return { name: forced, reason: 'WEFT_QEMU_ACCELERATOR says so' };
  if (
    await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
      () => false,
      () => true,
    )
  )
    return { name: 'tcg', reason: 'This host has no usable /dev/kvm' };
  const key = `${await hostBootId()} ${qemu} ${version}`;
  const known = await readJson(cacheFile, verdictSchema).catch(() => undefined);
  if (known?.key === key) return { name: known.name, reason: known.reason };
  const failure = await tryKvm(qemu);
  const verdict: Accelerator = failure === undefined ? { name: 'kvm', reason: '' } : { name: 'tcg', reason: failure };
  await writeDurably(cacheFile, JSON.stringify({ key, ...verdict }));
  return verdict;
}

/** Boots the firmware under KVM; what went wrong, `undefined` when nothing did. */
async function tryKvm(qemu: string): Promise<string | undefined> {
  const work = await mkdtemp('/var/tmp/weft-kvm-trial-');
  try {
    const firmware = findFirmware(false);
    await copyFile(firmware.variables, join(work, 'nvram.fd'));
    return await boot(qemu, [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35,accel=kvm,smm=off', '-cpu', 'host', '-m', '128M', '-no-reboot'],
      ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${firmware.code}`],
      ...['-drive', `if=pflash,format=raw,unit=1,file=${join(work, 'nvram.fd')}`],
      ...['-serial', 'stdio'],
    ]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function boot(qemu: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(qemu, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let verdict: string | undefined = `No guest boots under this host's KVM within ${TRIAL_MS / 1000} s`;
    const decide = (found: string | undefined) => {
      verdict = found;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => child.kill('SIGKILL'), TRIAL_MS);
    const read = (chunk: Buffer) => {
      output = `${output}${chunk.toString()}`.slice(-4_096);
      if (BOOTED.test(output)) decide(undefined);
      else if (FAILED.test(output)) decide(`No guest boots under this host's KVM: ${FAILED.exec(output)?.[0] ?? ''}`);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => (verdict = error.message));
    child.once('close', () => {
      clearTimeout(timer);
      resolve(verdict);
    });
  });
}
