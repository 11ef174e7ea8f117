/**
 * NoCloud data (cloud-init's `DataSourceNoCloud`): a small FAT file system labelled CIDATA with meta-data, user-data,
 * vendor-data and network-config. Always attached, so that cloud images find their host name and do not search
 * the network for a cloud first.
 */
import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSpec } from '@weft/contracts';
import { runProgram } from '../../storage/vm-program';

const MIB = 1024 ** 2;

/** File name -> content. `cloud-init.*` wins over the older `user.*` keys. */
export function seedFiles(spec: Pick<InstanceSpec, 'id' | 'name' | 'config'>): Record<string, string> {
  const value = (key: string) => spec.config[`cloud-init.${key}`] || spec.config[`user.${key}`] || '';
  const metaData = [`instance-id: ${spec.id}`, `local-hostname: ${spec.name}`, spec.config['user.meta-data'] ?? ''].filter((line) => line !== '');
  const files: Record<string, string> = {
    'meta-data': `${metaData.join('\n')}\n`,
    // cloud-init takes the seed for unusable without this file.
    'user-data': value('user-data') || '#cloud-config\n{}\n',
    'vendor-data': value('vendor-data') || '#cloud-config\n{}\n',
  };
  if (value('network-config')) files['network-config'] = value('network-config');
  return files;
}

/** Writes the file system beside `path` and renames it there. */
export async function writeSeed(path: string, files: Readonly<Record<string, string>>): Promise<void> {
  const work = await mkdtemp(`${path}.`);
  try {
    const image = join(work, 'image');
    const contentBytes = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
    await writeFile(image, '', { mode: 0o600 });
    await truncate(image, Math.ceil(contentBytes / MIB + 1) * MIB);
    await runProgram('mkfs.vfat', ['-n', 'CIDATA', image]);
    const names = Object.keys(files);
    for (const name of names) await writeFile(join(work, name), files[name] ?? '', { mode: 0o600 });
    await runProgram('mcopy', ['-i', image, ...names.map((name) => join(work, name)), '::']);
    await rename(image, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
