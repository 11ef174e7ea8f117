import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchDir } from '@weft/testing';
import { foreignLink } from './foreign-link';

const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

describe('symbolic links on the way to a disk of the host', () => {
  let dir: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const scratch = await scratchDir();
    dir = scratch.path;
    remove = scratch.remove;
    await mkdir(join(dir, 'shared'));
    await chmod(join(dir, 'shared'), 0o777);
    await writeFile(join(dir, 'shared', 'file'), '');
    await symlink('shared', join(dir, 'ours'));
    await symlink('/etc', join(dir, 'shared', 'theirs'));
  });
  afterEach(() => remove());

  itAsRoot('are followed where only root can make them', async () => {
    expect(await foreignLink(join(dir, 'ours', 'file'))).toBeUndefined();
    expect(await foreignLink(join(dir, 'not', 'there'))).toBeUndefined();
  });

  itAsRoot('are not where a guest may have made them, however one comes there', async () => {
    const theirs = join(dir, 'shared', 'theirs');
    for (const path of [theirs, join(theirs, 'passwd'), join(dir, 'ours', 'theirs'), join(dir, 'ours', '..', 'shared', 'theirs')])
      expect(await foreignLink(path)).toBe(theirs);
  });
});
