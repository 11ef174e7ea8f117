/**
 * Control groups of containers, read and written directly, on hosts with version 1, version 2 and both.
 *
 *   version 1   <mount of the controller>/weft.payload.<id>/memory.limit_in_bytes
 *   version 2   <mount>/weft.payload.<id>/memory.max
 *   hybrid      some controllers in version 1 mounts, an empty version 2 hierarchy beside them
 *
 * The container's group is a child of the hierarchy's root under a name that we choose (`lxc.cgroup.dir.container`),
 * so finding it needs neither the monitor's socket nor a running process.
 */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type Controller = 'cpu' | 'cpuacct' | 'cpuset' | 'memory' | 'devices' | 'freezer' | 'pids';

const POLL_MS = 5;
const FREEZE_TIMEOUT_MS = 30_000;

export interface CgroupLayout {
  /** Version 1 mount points by controller. */
  v1: Partial<Record<string, string>>;
  /** The version 2 mount point, if there is one. */
  v2?: string;
}

/** /proc/self/mountinfo (proc(5)) -> where the hierarchies are. Pure. */
export function parseCgroupMounts(mountinfo: string): CgroupLayout {
  const layout: CgroupLayout = { v1: {} };
  for (const row of mountinfo.split('\n')) {
    const [left, right] = row.split(' - ');
    const mountPoint = left?.split(' ')[4];
    const [fsType, , superOptions] = right?.split(' ') ?? [];
    if (!mountPoint) continue;
    if (fsType === 'cgroup2') layout.v2 ??= mountPoint;
    if (fsType === 'cgroup') for (const option of superOptions?.split(',') ?? []) layout.v1[option] ??= mountPoint;
  }
  return layout;
}

export class Cgroups {
  private constructor(
    readonly layout: CgroupLayout,
    private readonly v2Controllers: ReadonlySet<string>,
  ) {}

  static async detect(): Promise<Cgroups> {
    const layout = parseCgroupMounts(await fs.readFile('/proc/self/mountinfo', 'utf8'));
    const controllers = layout.v2 ? await readOrEmpty(join(layout.v2, 'cgroup.controllers')) : '';
    return new Cgroups(layout, new Set(controllers.split(/\s+/).filter(Boolean)));
  }

  /** Which version controls this resource here; undefined when none does. */
  version(controller: Controller): 1 | 2 | undefined {
    if (this.layout.v1[controller]) return 1;
    // In version 2 freezing and device rules need no controller, and accounting is part of "cpu".
    if (!this.layout.v2 || Object.keys(this.layout.v1).some((name) => !name.startsWith('name='))) {
      return this.v2Controllers.has(controller) ? 2 : undefined;
    }
    const name = controller === 'cpuacct' ? 'cpu' : controller;
    return name === 'freezer' || name === 'devices' || this.v2Controllers.has(name) ? 2 : undefined;
  }

  /** The directory of `group` in the hierarchy that has `controller`. */
  directory(controller: Controller, group: string): string | undefined {
    const mount = this.version(controller) === 1 ? this.layout.v1[controller] : this.layout.v2;
    return mount === undefined ? undefined : join(mount, group);
  }

  /** Any hierarchy will do to find the processes of a group. */
  anchor(group: string): string | undefined {
    const mount = this.layout.v1['pids'] ?? this.layout.v1['freezer'] ?? this.layout.v2;
    return mount === undefined ? undefined : join(mount, group);
  }

  /** Trimmed content, undefined when the group or the file does not exist. */
  async read(controller: Controller, group: string, file: string): Promise<string | undefined> {
    const directory = this.directory(controller, group);
    if (!directory) return undefined;
    return fs.readFile(join(directory, file), 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    );
  }

  async write(controller: Controller, group: string, file: string, value: string): Promise<void> {
    const directory = this.directory(controller, group);
    if (!directory) throw new Error(`this host has no cgroup controller "${controller}"`);
    await fs.writeFile(join(directory, file), value);
  }

  /** What was asked for; a group that is still on its way counts as frozen. */
  async frozen(group: string): Promise<boolean> {
    const file = this.freezerVersion === 1 ? 'freezer.state' : 'cgroup.freeze';
    const text = await this.read('freezer', group, file);
    return text === 'FROZEN' || text === 'FREEZING' || text === '1';
  }

  /**
   * Stops every process of the group where it is; resolves when all are. Written here and not by a tool, so that
   * nothing of it is still on its way when we are killed. Throws, and lets the group run, when a process cannot be
   * stopped (it waits inside the kernel for a device or a server) within 30 s.
   */
  async freeze(group: string): Promise<void> {
    if (this.freezerVersion === 1) await this.write('freezer', group, 'freezer.state', 'FROZEN');
    else await this.write('freezer', group, 'cgroup.freeze', '1');
    const deadline = performance.now() + FREEZE_TIMEOUT_MS;
    while (!(await this.isSettled(group))) {
      if (performance.now() > deadline) {
        await this.thaw(group);
        throw new Error(`the processes of ${group} did not stop within ${FREEZE_TIMEOUT_MS / 1000} s`);
      }
      await delay(POLL_MS);
    }
  }

  /** Lets a frozen group run; it does nothing to one that is not, or not there. */
  async thaw(group: string): Promise<void> {
    if (this.freezerVersion === 1) await this.write('freezer', group, 'freezer.state', 'THAWED').catch(() => undefined);
    else await this.write('freezer', group, 'cgroup.freeze', '0').catch(() => undefined);
  }

  private get freezerVersion(): 1 | 2 | undefined {
    return this.version('freezer');
  }

  private async isSettled(group: string): Promise<boolean> {
    if (this.freezerVersion === 1) return (await this.read('freezer', group, 'freezer.state')) !== 'FREEZING';
    return !/^frozen 0$/m.test((await this.read('freezer', group, 'cgroup.events')) ?? '');
  }

  /** Process ids (host's view) in the group and below; empty when it does not exist. */
  async processes(group: string): Promise<number[]> {
    const directory = this.anchor(group);
    return directory === undefined ? [] : processesBelow(directory);
  }

  async exists(group: string): Promise<boolean> {
    const directory = this.anchor(group);
    return (
      directory !== undefined &&
      fs.access(directory).then(
        () => true,
        () => false,
      )
    );
  }

  /** Removes what a killed monitor left behind: the empty groups, deepest first, in every hierarchy. */
  async remove(group: string): Promise<void> {
    const mounts = new Set([...Object.values(this.layout.v1), this.layout.v2].filter((mount) => mount !== undefined));
    for (const mount of mounts) await removeTree(join(mount, group));
  }
}

async function processesBelow(directory: string): Promise<number[]> {
  const text = await readOrEmpty(join(directory, 'cgroup.procs'));
  const children = await fs.readdir(directory, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(children.filter((child) => child.isDirectory()).map((child) => processesBelow(join(directory, child.name))));
  return [...text.split('\n').filter(Boolean).map(Number), ...below.flat()];
}

async function removeTree(directory: string): Promise<void> {
  const children = await fs.readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const child of children) if (child.isDirectory()) await removeTree(join(directory, child.name));
  await fs.rmdir(directory).catch(() => undefined);
}

const readOrEmpty = (file: string): Promise<string> => fs.readFile(file, 'utf8').catch(() => '');
