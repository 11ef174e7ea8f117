/** What the tests of the lxc driver share: a private state directory, the tiny image, and a reason when LXC cannot run. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type InstanceSpec, newId, WeftError } from '@weft/contracts';
import { type Cgroups, LxcProcesses } from '@weft/lxc';
import { unmountBelow } from '../../storage/container-overlay';
import { shiftOwners } from '../../storage/container-copy';
import { run } from '../contract-subject';
import type { Driver } from '../driver';
import { containerGroup, monitorGroup } from './container-config';
import { LxcDriver, type LxcDriverOptions } from './lxc.driver';

const execute = promisify(execFile);

export const TINY = 'a'.repeat(64);
const BUILD_TINY = resolve(__dirname, '../../../../../tools/images/build-tiny.sh');

/** Why containers cannot run here; undefined when they can. For `describe`, which cannot wait for promises. */
export function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  if (!existsSync('/bin/busybox')) return 'busybox-static is not installed';
  try {
    execFileSync('lxc-start', ['--version'], { stdio: 'pipe' });
  } catch {
    return 'lxc is not installed';
  }
  if (!existsSync('/sys/fs/cgroup')) return 'no control groups';
  return undefined;
}

/** `describe` that says why it does not run. */
export function describeLxc(name: string, body: () => void): void {
  const reason = whyNot();
  if (reason === undefined) return void describe(name, body);
  process.stderr.write(`SKIPPED ${name}: ${reason}\n`);
  describe.skip(`${name} (${reason})`, body);
}

export class LxcTestbed {
  private readonly roots = new Map<number | null, Promise<string>>();

  private constructor(readonly dir: string) {}

  static async open(): Promise<LxcTestbed> {
    const dir = mkdtempSync(join(tmpdir(), 'weft-lxc-'));
    await chmod(dir, 0o711);
    await mkdir(join(dir, 'instances'));
    await execute(BUILD_TINY, [dir]);
    return new LxcTestbed(dir);
  }

  readonly images: LxcDriverOptions['images'] = {
    containerRoot: (fingerprint, { idmapBase }) => {
      if (fingerprint !== TINY) return Promise.reject(new WeftError('image.not-found', 'not here'));
      const root = this.roots.get(idmapBase) ?? this.extract(idmapBase);
      this.roots.set(idmapBase, root);
      return root;
    },
  };

  driver(options: Partial<LxcDriverOptions> = {}): LxcDriver {
    return new LxcDriver({ dir: this.dir, images: this.images, ...options });
  }

  spec(name: string, config: Record<string, string> = {}, devices: InstanceSpec['devices'] = {}): InstanceSpec {
    const root = { type: 'disk', path: '/', pool: 'default' };
    return {
      id: newId(),
      project: 'default',
      name,
      type: 'container',
      architecture: 'x86_64',
      ephemeral: false,
      imageFingerprint: TINY,
      config,
      devices: { root, ...devices },
    };
  }

  async started(driver: Driver, name: string, config: Record<string, string> = {}, devices: InstanceSpec['devices'] = {}): Promise<InstanceSpec> {
    const spec = this.spec(name, config, devices);
    await driver.create(spec, { kind: 'image', fingerprint: TINY }, {}, () => undefined);
    await driver.start(spec, 1);
    return spec;
  }

  async close(): Promise<void> {
    const driver = this.driver();
    for (const id of await driver.list()) await driver.delete(id);
    await unmountBelow(this.dir);
    await rm(this.dir, { recursive: true, force: true });
  }

  private async extract(idmapBase: number | null): Promise<string> {
    const root = join(this.dir, `rootfs.${idmapBase ?? 'priv'}`);
    await mkdir(root);
    await execute('tar', ['-C', root, '-xzf', join(this.dir, 'tiny.tar.gz'), '--strip-components=1', 'rootfs']);
    await shiftOwners(root, idmapBase ?? 0);
    return root;
  }
}

/** The output of a shell command in the guest, without the last line break. */
export const shell = async (driver: Driver, spec: InstanceSpec, script: string): Promise<string> =>
  (await run(driver, spec, ['/bin/sh', '-c', script])).stdout.trimEnd();

/** Processes, control groups and mounts that carry the instance's id. */
export async function tracesOf(cgroups: Cgroups, id: string): Promise<string[]> {
  const groups = [monitorGroup(id), containerGroup(id)];
  const members = (await Promise.all(groups.map((group) => cgroups.processes(group)))).flat();
  const processes = [...new Set([...members, ...(await new LxcProcesses(cgroups).starting(id))])].map((pid) => `process ${pid}`);
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((row) => row.includes(id));
  return [...processes, ...mounts, ...groups.filter((group) => existsSync(cgroups.anchor(group) ?? ''))];
}
