import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { WeftError } from '@weft/contracts';
import { runTool } from './child-process';
import { scanTarStream, type TarVisitor } from './tar-scan';

/**
 * Reads the table of contents: sound, and within the limits? The data blocks are read only when it is unpacked.
 * @throws WeftError image.invalid
 */
export async function checkSquashfs(path: string, limits: { unpackedBytes: number; entries: number }): Promise<void> {
  const tool = runTool(['unsquashfs', '-lln', path]);
  tool.stdin.end();
  let entries = 0;
  let bytes = 0;
  try {
    for await (const line of createInterface({ input: tool.stdout, crlfDelay: Infinity })) {
      const match = /^([-dlbcps])[-rwxsStT]{9}\s+\d+\/\d+\s+(\d+)/.exec(line);
      if (!match) continue;
      entries += 1;
      if (match[1] === '-') bytes += Number(match[2]);
      if (entries > limits.entries || bytes > limits.unpackedBytes)
        throw new WeftError('image.invalid', `The image unpacks to more than ${limits.entries} files or ${limits.unpackedBytes} bytes`);
    }
    await tool.done;
  } finally {
    tool.kill();
  }
  if (entries === 0) throw new WeftError('image.invalid', 'The image is an empty file system');
}

/**
 * Hands the entries of a squashfs image to a visitor, as those of a tarball. The format cannot carry paths, and
 * unsquashfs refuses names with slashes or dots and never writes through links (since 4.5.1), so it may unpack into a
 * private directory; GNU tar then reads that, and the same guard as for tarballs decides what goes on.
 */
export async function scanSquashfs(path: string, scratchDir: string, visit: TarVisitor): Promise<void> {
  const scratch = await mkdtemp(join(scratchDir, '.unsquash-'));
  try {
    const root = join(scratch, 'root');
    const unpack = runTool(['unsquashfs', '-quiet', '-no-progress', '-dest', root, path]);
    unpack.stdin.end();
    unpack.stdout.resume();
    await unpack.done;
    const reader = runTool(['tar', '-c', '--format=posix', '--numeric-owner', '--xattrs', '--xattrs-include=*', '-C', root, '-f', '-', '.']);
    reader.stdin.end();
    try {
      await scanTarStream(reader.stdout, visit);
      await reader.done;
    } finally {
      reader.kill();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Removes what a killed agent left of its unpacking. */
export const isSquashfsScratch = (name: string): boolean => dirname(name) === '.' && name.startsWith('.unsquash-');
