import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached, eventually } from '@weft/embedded';
import type { Places } from '../places';
import type { Progress } from '../progress';
import { callApi } from './api';

const run = promisify(execFile);

interface LocalImage {
  alias: string;
  script: string;
  description: string;
  /** In the order in which `lxc image import` wants them. */
  files: readonly string[];
}

const IMAGES: readonly LocalImage[] = [
  { alias: 'tiny', script: 'build-tiny.sh', description: 'Tiny system container', files: ['tiny.tar.gz'] },
  { alias: 'tiny-vm', script: 'build-tiny-vm.sh', description: 'Tiny virtual machine', files: ['tiny-vm.tar.xz', 'tiny-vm.qcow2'] },
];

/** Builds an image unless the cache has what the very same scripts made before. */
const built = (scripts: string, image: LocalImage): Promise<string> =>
  cached(`images/${image.alias}-${hashOf(scripts)}`, async (dir) => {
    await run('bash', [join(scripts, image.script), dir], { maxBuffer: 64 * 1024 * 1024 });
  });

const hashOf = (dir: string): string => {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else if (!/\.(spec|md)\b/.test(path)) hash.update(path.slice(dir.length)).update(readFileSync(path));
  };
  visit(dir);
  return hash.digest('hex').slice(0, 16);
};

/** Makes sure that the platform has the local images. `root` is the checkout. Returns the aliases that it had to import. */
export const ensureImages = async (at: Places, root: string, progress: Progress): Promise<string[]> => {
  const scripts = join(root, 'tools', 'images');
  const aliases = await callApi<string[]>(at.unixSocket, 'GET', '/1.0/images/aliases');
  const present = new Set(aliases.map((url) => decodeURIComponent(url.split('/').pop()?.split('?')[0] ?? '')));
  const missing = IMAGES.filter(({ alias, script }) => !present.has(alias) && existsSync(join(scripts, script)));
  const outcomes = await Promise.allSettled(
    missing.map(async (image) => {
      const dir = await progress.during(`build ${image.alias}`, () => built(scripts, image));
      // A member takes images from its first heartbeat on.
      const imported = () => importImage(at, image, dir).then(() => true);
      await progress.during(`import ${image.alias}`, () => eventually(imported, { timeoutMs: 30_000, intervalMs: 100, what: `the import of ${image.alias}` }));
    }),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  if (failures.length) throw new AggregateError(failures, failures.map(explain).join('; '));
  return missing.map(({ alias }) => alias);
};

/** What the program that failed said last, which is the reason. */
const explain = (error: Error): string => {
  const cause = error.cause instanceof Error ? error.cause : error;
  const said = 'stderr' in cause ? String(cause.stderr).trim().split('\n').pop() : undefined;
  return said || cause.message;
};

/** With the stock client, as a user would; its configuration directory is a throw-away one. */
const importImage = async (at: Places, image: LocalImage, dir: string): Promise<void> => {
  const config = await mkdtemp(join(tmpdir(), 'weft-lxc-'));
  try {
    const files = image.files.map((name) => join(dir, name));
    await run('lxc', ['image', 'import', ...files, '--alias', image.alias, `description=${image.description}`], {
      env: { PATH: process.env.PATH, LXD_DIR: at.dir, LXD_CONF: config, HOME: config },
    });
  } finally {
    await rm(config, { recursive: true, force: true });
  }
};
