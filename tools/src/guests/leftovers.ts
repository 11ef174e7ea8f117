import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childrenOf, endProcess, identify, type ProcessIdentity } from '@weft/embedded';

const run = promisify(execFile);

/**
 * Processes that belong to guests or services of this WEFT_DIR whatever happened to their supervisors: those whose
 * command line names a path below it (QEMU's sockets and disks, liblxc's `[lxc monitor] <path> <name>`, Postgres,
 * nats-server), and the children of the container monitors, which are the containers' init processes.
 */
export const leftoverProcesses = (dir: string): ProcessIdentity[] => {
  const owned = processIds().flatMap((pid) => (pid !== process.pid && commandLine(pid).some((word) => isBelow(word, dir)) ? (identify(pid) ?? []) : []));
  const inits = owned.filter(({ pid }) => commandLine(pid)[0]?.startsWith('[lxc monitor]')).flatMap(({ pid }) => childrenOf(pid));
  return [...inits, ...owned];
};

const isBelow = (word: string, dir: string): boolean => word.split(/[\s=,:]/).some((part) => part === dir || part.startsWith(`${dir}/`));

const processIds = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const commandLine = (pid: number): string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};

/** Mount points below `dir`, deepest first (proc(5), mountinfo, field 5; blanks are octal there). */
export const mountsBelow = (dir: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] =>
  mountinfo
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((path) => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter((path) => path.startsWith(`${dir}/`))
    .reverse();

/** Ends and unmounts what is left; resolves to the number of processes and mounts that there were. */
export const removeLeftovers = async (dir: string): Promise<{ processes: number; mounts: number }> => {
  const processes = leftoverProcesses(dir);
  await Promise.all(processes.map((left) => endProcess(left, 'SIGKILL', 5000)));
  const mounts = mountsBelow(dir);
  for (const mount of mounts) await run('umount', ['--lazy', mount]).catch(() => undefined);
  removeControlGroups(instanceIds(dir));
  return { processes: processes.length, mounts: mounts.length };
};

const directoriesIn = (path: string): string[] =>
  existsSync(path) ? readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])) : [];

/** Of every member whose state is below `dir`. */
const instanceIds = (dir: string): string[] =>
  directoriesIn(join(dir, 'members')).flatMap((member) => directoriesIn(join(dir, 'members', member, 'instances')));

const CGROUPS = '/sys/fs/cgroup';

/** The agent's lxc driver names them weft.<payload or monitor>.<instance id>, in each hierarchy (cgroups(7): one, or one per controller). */
const removeControlGroups = (ids: readonly string[]): void => {
  for (const root of [CGROUPS, ...directoriesIn(CGROUPS).map((name) => join(CGROUPS, name))]) {
    for (const name of directoriesIn(root)) if (name.startsWith('weft.') && ids.some((id) => name.includes(id))) removeTree(join(root, name));
  }
};

/** Control groups are removed by rmdir, innermost first; their files cannot be unlinked. */
const removeTree = (path: string): void => {
  for (const name of directoriesIn(path)) removeTree(join(path, name));
  try {
    rmdirSync(path);
  } catch {
    // Somebody is still in it: it belongs to what is still ending.
  }
};
