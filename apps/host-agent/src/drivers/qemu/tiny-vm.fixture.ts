import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { newId, WeftError, type InstanceSpec } from '@weft/contracts';
import { cached } from '@weft/embedded';
import { createLogger } from '@weft/platform';
import { eventually, scratchDir } from '@weft/testing';
import type { DriverImages } from '../../images/image-store';
import { runProgram } from '../../storage/vm-program';
import type { Driver } from '../driver';
import type { DriverDeps } from '../driver-deps';
import { createQemuDriver } from './index';

const SCRIPTS = resolve(__dirname, '../../../../../tools/images');
export const FINGERPRINT = 'e'.repeat(64);

/** The disk of tiny-vm, built once for each state of its scripts. */
export const tinyVmDisk = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const path of filesOf(join(SCRIPTS, 'tiny-vm'))) hash.update(path).update(readFileSync(path));
  hash.update(readFileSync(join(SCRIPTS, 'build-tiny-vm.sh')));
  const dir = await cached(
    `test/tiny-vm-${hash.digest('hex').slice(0, 16)}`,
    async (into) => void (await runProgram('bash', [join(SCRIPTS, 'build-tiny-vm.sh'), into])),
  );
  return join(dir, 'tiny-vm.qcow2');
};

const filesOf = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .flatMap((name) => filesOf(join(path, name)))
    : [path];

export interface TestHost {
  /** Where instances live. */
  dir: string;
  open(): Driver;
  spec(name: string, config?: Record<string, string>, devices?: InstanceSpec['devices']): InstanceSpec;
  remove(): Promise<void>;
}

/** A member directory of its own with one image in it. */
export async function testHost(place: Pick<DriverDeps, 'netns' | 'network'> = {}): Promise<TestHost> {
  const scratch = await scratchDir();
  const dir = join(scratch.path, 'members', 'host1');
  await mkdir(join(dir, 'instances'), { recursive: true });
  const disk = await tinyVmDisk();
  const images: DriverImages = {
    containerRoot: () => Promise.reject(new Error('not used')),
    metadataDir: () => Promise.reject(new Error('not used')),
    vmDisk: (fingerprint) => (fingerprint === FINGERPRINT ? Promise.resolve(disk) : Promise.reject(new WeftError('image.not-found', 'not here'))),
  };
  const logger = createLogger('qemu', 'fatal');
  return {
    dir,
    open: () => createQemuDriver({ dir, images, logger, ...place }),
    spec: (name, config = {}, devices = {}) => ({
      id: newId(),
      project: 'default',
      name,
      type: 'virtual-machine',
      architecture: 'x86_64',
      ephemeral: false,
      imageFingerprint: FINGERPRINT,
      // Half of the default: two guests fit beside everything else of a test run.
      config: { 'limits.memory': '256MiB', ...config },
      devices: { root: { type: 'disk', path: '/', pool: 'default' }, ...devices },
    }),
    remove: scratch.remove,
  };
}

/** Resolves when the guest's agent answers. */
export const untilAgentAnswers = (driver: Driver, spec: InstanceSpec): Promise<unknown> =>
  eventually(
    async () =>
      driver.files(spec).then(
        (files) => files.close().then(() => true),
        () => false,
      ),
    { timeoutMs: 90_000, intervalMs: 200, what: 'the guest agent' },
  );
