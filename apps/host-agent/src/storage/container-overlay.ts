/**
 * overlayfs (kernel: Documentation/filesystems/overlayfs.rst) as the writable view of a container's root:
 *
 *   lower   the image, shared and never written      upper   this container's differences
 *
 * Mounts are made in the host's mount namespace, so they outlive the agent; the kernel's own table says what is there.
 */
import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WeftError } from '@weft/contracts';
import { diskFull, isOutOfSpace, SAYS_DISK_FULL } from '../files/disk-full';

const execute = promisify(execFile);

/** Mounts take milliseconds; one that waits for a server that is gone must not hold up its container for ever. */
const TOOL = { cwd: '/', timeout: 60_000, killSignal: 'SIGKILL' } as const;

export interface OverlayDirs {
  lower: string;
  upper: string;
  work: string;
  target: string;
}

/**
 * redirect_dir: directories of the image can be renamed. No metacopy and index: an upper layer must stay whole when
 * it is copied beside the same lower layer.
 */
const OPTIONS = ['redirect_dir=on,index=off,metacopy=off', ''] as const;

/** Mounts unless mounted; the directories exist. Throws the kernel's words, or `disk.full`. */
export async function mountOverlay(dirs: OverlayDirs): Promise<void> {
  if (await isMounted(dirs.target)) return;
  let failure: unknown;
  for (const extra of OPTIONS) {
    const paths = `lowerdir=${escaped(dirs.lower)},upperdir=${escaped(dirs.upper)},workdir=${escaped(dirs.work)}`;
    try {
      await execute('mount', ['-t', 'overlay', 'weft', '-o', extra ? `${paths},${extra}` : paths, dirs.target], TOOL);
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw SAYS_DISK_FULL.test(String(failure)) ? diskFull(failure) : failure;
}

/** A view of layers that nothing is written to, the uppermost first. */
export async function mountLayers(layers: readonly string[], target: string): Promise<void> {
  const lower = `ro,lowerdir=${layers.map(escaped).join(':')}`;
  await execute('mount', ['-t', 'overlay', 'weft', '-o', `${lower},redirect_dir=follow`, target], TOOL);
}

/** Takes down everything mounted at or below `dir`, deepest first; a busy mount goes when its last user has gone. */
export async function unmountBelow(dir: string): Promise<void> {
  for (const mount of (await mountPoints()).filter((path) => path === dir || path.startsWith(`${dir}/`)).reverse()) {
    await execute('umount', ['--', mount], TOOL).catch(() => execute('umount', ['-l', '--', mount], TOOL));
  }
}

export const isMounted = async (path: string): Promise<boolean> => (await mountPoints()).includes(path);

/** In the order in which they were mounted. */
async function mountPoints(): Promise<string[]> {
  const text = await fs.readFile('/proc/self/mountinfo', 'utf8');
  return text
    .split('\n')
    .map((row) => row.split(' ')[4] ?? '')
    .filter(Boolean)
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))));
}

/** Whether overlays work in this directory: tried, not guessed, since it depends on the file system below. */
export async function probeOverlay(dir: string): Promise<boolean> {
  await fs.mkdir(dir, { recursive: true });
  for (const name of await fs.readdir(dir)) if (name.startsWith('.overlay-')) await removePlace(join(dir, name));
  const place = await fs.mkdtemp(join(dir, '.overlay-'));
  try {
    const dirs = { lower: join(place, 'lower'), upper: join(place, 'upper'), work: join(place, 'work'), target: join(place, 'target') };
    for (const path of Object.values(dirs)) await fs.mkdir(path);
    await fs.writeFile(join(dirs.lower, 'file'), 'lower');
    await mountOverlay(dirs);
    await fs.rm(join(dirs.target, 'file'));
    await fs.writeFile(join(dirs.target, 'file'), 'upper');
    return (await fs.readFile(join(dirs.upper, 'file'), 'utf8')) === 'upper';
  } catch (error) {
    // That says nothing about overlays.
    if (isOutOfSpace(error) || (error instanceof WeftError && error.code === 'disk.full')) throw diskFull(error);
    return false;
  } finally {
    await removePlace(place);
  }
}

async function removePlace(place: string): Promise<void> {
  await unmountBelow(place);
  await fs.rm(place, { recursive: true, force: true });
}

/** overlayfs separates options by comma and lower layers by colon. */
const escaped = (path: string): string => path.replace(/[\\:,]/g, (c) => `\\${c}`);
