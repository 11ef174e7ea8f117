import { open } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { runTool } from './child-process';

export type Compression = 'none' | 'gzip' | 'xz' | 'zstd' | 'bzip2';
export type FileFormat = { kind: 'tar'; compression: Compression } | { kind: 'squashfs' } | { kind: 'qcow2' } | { kind: 'unknown' };

const HEAD_BYTES = 512;
const TAR_MAGIC_OFFSET = 257;

/** What a file is, from its first bytes, whatever its name says. A compressed file is taken for a tarball. */
export function formatOf(head: Buffer): FileFormat {
  const begins = (...bytes: number[]) => head.subarray(0, bytes.length).equals(Buffer.from(bytes));
  if (begins(0x1f, 0x8b)) return { kind: 'tar', compression: 'gzip' };
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return { kind: 'tar', compression: 'xz' };
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return { kind: 'tar', compression: 'zstd' };
  if (begins(0x42, 0x5a, 0x68)) return { kind: 'tar', compression: 'bzip2' };
  if (begins(0x68, 0x73, 0x71, 0x73)) return { kind: 'squashfs' };
  if (begins(0x51, 0x46, 0x49, 0xfb)) return { kind: 'qcow2' };
  if (head.toString('latin1', TAR_MAGIC_OFFSET, TAR_MAGIC_OFFSET + 5) === 'ustar') return { kind: 'tar', compression: 'none' };
  return { kind: 'unknown' };
}

export async function readFormat(path: string): Promise<FileFormat> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return formatOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Extensions as LXD gives them to exported images. */
export function extensionOf(format: FileFormat): string {
  if (format.kind === 'squashfs') return '.squashfs';
  if (format.kind === 'qcow2') return '.qcow2';
  if (format.kind === 'unknown') return '';
  return { none: '.tar', gzip: '.tar.gz', xz: '.tar.xz', zstd: '.tar.zst', bzip2: '.tar.bz2' }[format.compression];
}

const DECOMPRESSORS: Readonly<Record<Exclude<Compression, 'none'>, readonly string[]>> = {
  gzip: ['gzip', '-dc'],
  // An attacker chooses how much memory the decompressor wants.
  xz: ['xz', '-dc', '--memlimit-decompress=1GiB'],
  zstd: ['zstd', '-dcq', '--memory=1024MB'],
  bzip2: ['bzip2', '-dc'],
};

export interface Decompressed {
  stream: Readable;
  /** Resolves when the file was read to its end and was sound. */
  done: Promise<void>;
  kill(): void;
}

export function decompress(path: string, compression: Compression): Decompressed {
  const source = createReadStream(path);
  if (compression === 'none') {
    const done = new Promise<void>((resolve, reject) => source.once('end', resolve).once('error', reject).once('close', resolve));
    return { stream: source, done, kill: () => source.destroy() };
  }
  const tool = runTool(DECOMPRESSORS[compression]);
  // A reader that stops early breaks this pipe; the tool's own outcome is what counts.
  pipeline(source, tool.stdin).catch(() => undefined);
  return {
    stream: tool.stdout,
    done: tool.done,
    kill: () => {
      source.destroy();
      tool.kill();
    },
  };
}
