/**
 * Finds a container's processes in /proc, without liblxc's socket and without pid files:
 *
 *   cgroup weft.monitor.<id>   holds liblxc's monitor, the parent of
 *     init                     process 1 of its own pid namespace
 *       ...                    the guest
 *
 * A pid out of a file may have been reused; a member of our own cgroup cannot be anybody else.
 *
 * Before that there is a start, which goes on when whoever asked for it is killed:
 *
 *   lxc-start -n <id>          waits for the outcome; later a member of the monitor's group too
 *     [lxc monitor] ... <id>   not in its group at first
 *       child                  process 1 of its namespace, but still liblxc's own program: it waits for its id map, its
 *                              mounts and its group. It becomes init when it executes the guest's program.
 */
import { promises as fs, readFileSync } from 'node:fs';
import type { Cgroups } from './cgroups';

export interface RunningContainer {
  monitorPid: number;
  /** Host's pid of the container's init; unset while the container is starting, half started for ever, or stopping. */
  initPid?: number;
}

export class LxcProcesses {
  /** By monitor's group: what was found last. */
  private readonly found = new Map<string, Required<RunningContainer>>();

  constructor(private readonly cgroups: Cgroups) {}

  /** What was found before, where it is so still: two reads in place of a search, for looks that come all the time. */
  still(monitorGroup: string): RunningContainer | undefined {
    const found = this.found.get(monitorGroup);
    if (found && isStill(found, monitorGroup)) return found;
    this.found.delete(monitorGroup);
    return undefined;
  }

  /** Undefined when no monitor runs. */
  async find(monitorGroup: string): Promise<RunningContainer | undefined> {
    const known = this.still(monitorGroup);
    if (known) return known;
    const members = await this.cgroups.processes(monitorGroup);
    for (const monitorPid of members) {
      for (const initPid of await childrenOf(monitorPid)) {
        if (!(await isInit(initPid, monitorPid))) continue;
        this.found.set(monitorGroup, { monitorPid, initPid });
        return { monitorPid, initPid };
      }
    }
    const [monitorPid] = members;
    return monitorPid === undefined ? undefined : { monitorPid };
  }

  /** Processes that are about to become this container and may have no group yet: left by somebody who was killed then. */
  async starting(name: string): Promise<number[]> {
    const pids = (await fs.readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
    const found = await Promise.all(pids.map(async (pid) => ((await isStarting(pid, name)) ? [pid] : [])));
    return found.flat();
  }

  /** The command that an `lxc-attach` (host's pid) runs inside; undefined while lxc-attach still prepares it. */
  async attached(attachPid: number): Promise<number | undefined> {
    const tool = await programOf(attachPid);
    for (const child of await childrenOf(attachPid)) {
      const isInside = (await namespacePids(child)).length > 1;
      if (isInside && (await programOf(child)) !== tool) return child;
    }
    return undefined;
  }
}

export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await fs.readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => fs.readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')));
  return lists.join(' ').split(/\s+/).filter(Boolean).map(Number);
}

async function isStarting(pid: number, name: string): Promise<boolean> {
  const commandLine = await fs.readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  // Guests may call their processes what they like: only those of our own pid namespace count.
  return isStartOf(commandLine, name) && (await namespacePids(pid)).length === 1;
}

/** Whether /proc/<pid>/cmdline is that of an `lxc-start` of this container, or of the monitor that it makes. Pure. */
export function isStartOf(commandLine: string, name: string): boolean {
  const [program = '', option, value] = commandLine.split('\0');
  if (program.endsWith('lxc-start')) return option === '-n' && value === name;
  return program.startsWith('[lxc monitor] ') && program.trimEnd().endsWith(` ${name}`);
}

const programOf = (pid: number): Promise<string> => fs.readlink(`/proc/${pid}/exe`).catch(() => '');

/** Process 1 of a namespace below ours, alive, and executing something else than the monitor, whose copy it was. */
async function isInit(pid: number, monitorPid: number): Promise<boolean> {
  const ids = await namespacePids(pid);
  if (ids.length < 2 || ids.at(-1) !== 1) return false;
  const [program, monitor] = await Promise.all([programFile(pid), programFile(monitorPid)]);
  return program !== '' && program !== monitor;
}

/** Device and inode of what a process executes, "" when it has ended. Not the path: a guest chooses its own paths. */
const programFile = (pid: number): Promise<string> =>
  fs.stat(`/proc/${pid}/exe`).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => '',
  );

/** The monitor is in its group, and process 1 of a namespace is its child. From the kernel's memory: threads for these reads would cost more. */
function isStill({ monitorPid, initPid }: Required<RunningContainer>, monitorGroup: string): boolean {
  try {
    if (!readFileSync(`/proc/${monitorPid}/cgroup`, 'utf8').includes(`/${monitorGroup}`)) return false;
    const status = readFileSync(`/proc/${initPid}/status`, 'utf8');
    return pidsIn(status).length > 1 && pidsIn(status).at(-1) === 1 && status.includes(`\nPPid:\t${monitorPid}\n`);
  } catch {
    return false;
  }
}

/** "NSpid" of /proc/<pid>/status: the pid in each namespace from ours inwards; empty for a zombie or nobody. */
const namespacePids = async (pid: number): Promise<number[]> => pidsIn(await fs.readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));

function pidsIn(status: string): number[] {
  if (/^State:\s+[ZX]/m.test(status)) return [];
  return (/^NSpid:\s+(.*)$/m.exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
}
