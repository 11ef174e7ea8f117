/** Images for tests, good and bad, made on the spot. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack, type Headers } from 'tar-stream';

export const METADATA_YAML = 'architecture: x86_64\ncreation_date: 1700000000\nproperties:\n  os: Tiny\n  release: "1"\n  serial: 20240101\n';

export interface SampleEntry extends Headers {
  content?: string | Buffer;
}

export async function tarball(entries: readonly SampleEntry[]): Promise<Buffer> {
  const output = pack();
  for (const { content, ...header } of entries) output.entry({ mtime: new Date(1_700_000_000_000), ...header }, content ?? '');
  output.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of output) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export const metadataEntry: SampleEntry = { name: 'metadata.yaml', content: METADATA_YAML };

/** A root file system with what is easily done wrong: owners, set-id bits, links, devices, modes. */
export const rootEntries = (prefix: string): SampleEntry[] => [
  { name: `${prefix}`, type: 'directory', mode: 0o755 },
  { name: `${prefix}bin`, type: 'directory', mode: 0o755 },
  { name: `${prefix}bin/su`, mode: 0o4755, content: 'su' },
  { name: `${prefix}bin/su-hard`, type: 'link', linkname: `${prefix}bin/su` },
  { name: `${prefix}bin/sh`, type: 'symlink', linkname: '/bin/busybox' },
  { name: `${prefix}dev`, type: 'directory', mode: 0o755 },
  { name: `${prefix}dev/null`, type: 'character-device', devmajor: 1, devminor: 3 },
  { name: `${prefix}home/user/größe`, mode: 0o640, uid: 1000, gid: 1001, content: 'hello' },
  { name: `${prefix}sealed`, type: 'directory', mode: 0o555 },
  { name: `${prefix}sealed/file`, mode: 0o444, content: 'inside' },
];

export const unifiedContainer = async (): Promise<Buffer> =>
  gzipSync(await tarball([metadataEntry, { name: 'templates/', type: 'directory', mode: 0o755 }, ...rootEntries('rootfs/')]));

export const metadataTarball = async (): Promise<Buffer> => gzipSync(await tarball([metadataEntry]));

export function squashfs(scratch: string): string {
  const root = join(scratch, 'squash-root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin/su'), 'su', { mode: 0o4755 });
  const file = join(scratch, 'root.squashfs');
  execFileSync('mksquashfs', [root, file, '-quiet', '-no-progress', '-p', 'bin/null c 666 0 0 1 3', '-p', 'bin/su m 4755 5 6'], { stdio: 'ignore' });
  return file;
}

export function qcow2(scratch: string, name: string, ...options: string[]): string {
  const file = join(scratch, name);
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, file, '16M']);
  return file;
}
