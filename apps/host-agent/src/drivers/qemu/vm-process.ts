/**
 * QEMU as a process that outlives the agent.
 *
 *   agent --spawn, own session--> sh --fork--> qemu          stdout, stderr -> log/qemu.log
 *                                  '-- waits, writes the exit code to `exit`
 *
 * The shell is there to tell a new agent how QEMU ended while nobody looked. QEMU itself is found by its pid file, and
 * believed only when the process's command line names that file. An agent that was killed while it launched may have
 * left a shell or a QEMU that has not written the file yet: `kill` looks through all processes for them.
 */
import { spawn } from 'node:child_process';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import type { VmPaths } from './vm-paths';

/** $1: file for the exit code; the rest: the command. */
const WAIT_AND_TELL = 'exit_file=$1; shift; "$@"; echo $? >"$exit_file.new"; mv "$exit_file.new" "$exit_file"';

/** How long the shell may need to write the exit code after QEMU is gone. */
const EXIT_CODE_MS = 2_000;
/** A process that waits for a disk or a server inside the kernel dies when that answers. */
const KILL_MS = 20_000;

/** Starts QEMU; returns at once. */
export async function launch(paths: VmPaths, qemu: string, args: readonly string[], netns?: string): Promise<void> {
  await rm(paths.exit, { force: true });
  await rm(paths.pid, { force: true });
  const log = await open(paths.qemuLog, 'w', 0o600);
  try {
    const placed = netns === undefined ? [qemu] : ['nsenter', `--net=${netns}`, '--', qemu];
    const child = spawn('/bin/sh', ['-c', WAIT_AND_TELL, 'weft-vm', paths.exit, ...placed, ...args], {
      cwd: paths.dir,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
  } finally {
    await log.close();
  }
}

/** The process id of the running QEMU of this directory. */
export async function findProcess(paths: VmPaths): Promise<number | undefined> {
  const pid = Number(await readFile(paths.pid, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return (await isOf(pid, paths)) ? pid : undefined;
}

/**
 * Kills QEMU and the shell that waits for it, launched completely or not; returns when they are gone.
 * @throws WeftError task.failed when one outlives SIGKILL: then no other may run in its place
 */
export async function kill(paths: VmPaths): Promise<void> {
  const deadline = Date.now() + KILL_MS;
  for (let pids = await processesOf(paths); pids.length > 0; pids = await processesOf(paths)) {
    if (Date.now() > deadline) throw new WeftError('task.failed', `Processes of the virtual machine cannot be killed: ${pids.join(', ')}`);
    pids.forEach(killOne);
    await sleep(10);
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Everybody whose command line names this directory's pid file. */
async function processesOf(paths: VmPaths): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await isOf(pid, paths)) ? [pid] : [])));
  return found.flat();
}

const isOf = async (pid: number, paths: VmPaths): Promise<boolean> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').includes(paths.pid);

/** How a QEMU that is gone ended; `undefined` when nobody was left to tell (the shell was killed too). */
export async function exitCode(paths: VmPaths): Promise<number | undefined> {
  const deadline = Date.now() + EXIT_CODE_MS;
  let code = await exitCodeNow(paths);
  // The shell writes it a moment after QEMU is gone, unless the shell is gone too.
  while (code === undefined && Date.now() < deadline) {
    await sleep(20);
    code = await exitCodeNow(paths);
  }
  return code;
}

export async function exitCodeNow(paths: VmPaths): Promise<number | undefined> {
  const text = await readFile(paths.exit, 'utf8').catch(() => '');
  return text === '' ? undefined : Number(text);
}

/** The last lines of QEMU's own output. */
export async function lastWords(paths: VmPaths, lines = 5): Promise<string> {
  const text = await readFile(paths.qemuLog, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-lines).join('\n');
}
