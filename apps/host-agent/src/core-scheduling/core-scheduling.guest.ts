/**
 * Runs inside the guest of core-scheduling.int.spec.ts, on a kernel that has core scheduling and on two threads of one
 * core. Writes one line, `RESULT {json}`, to the console.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { eventually } from '@weft/embedded';
import { renderLxcConfig } from '@weft/lxc';
import { coreSchedulingState, detectCoreScheduling, isolateProcess } from './core-scheduling';
import { coreCookie } from './prctl';

const run = promisify(execFile);
const UNSET = { config: {} };
/** How long the processes that never rest are watched. */
const WATCH_MS = 3_000;

const pidOf = ({ pid }: ChildProcess): number => pid ?? 0;
const nanosecondsOnCpu = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);

/** A program of many threads, as QEMU is one; at "more" it makes another thread and a child, as for a vCPU that is plugged in. */
async function manyThreads(support: ReturnType<typeof detectCoreScheduling>): Promise<object> {
  const program = `const { Worker } = require('node:worker_threads');
    const wait = () => new Worker('setInterval(() => {}, 1000)', { eval: true });
    wait(); console.log('ready');
    process.stdin.once('data', () => wait().once('online', () => console.log('child', require('node:child_process').spawn('sleep', ['100']).pid)));`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  child.stdout.on('data', (data: Buffer) => lines.push(data.toString()));
  await eventually(() => lines.join('').includes('ready'), { timeoutMs: 60_000 });
  const before = await coreSchedulingState(pidOf(child), UNSET, support);
  isolateProcess(pidOf(child));
  const isolated = await coreSchedulingState(pidOf(child), UNSET, support);
  child.stdin.write('more');
  const grandchild = await eventually(() => /child (\d+)/.exec(lines.join(''))?.[1], { timeoutMs: 60_000 });
  const later = await coreSchedulingState(pidOf(child), UNSET, support);
  const inherited = coreCookie(Number(grandchild)) === coreCookie(pidOf(child)) && coreCookie(pidOf(child)) !== coreCookie(0);
  child.kill('SIGKILL');
  process.kill(Number(grandchild), 'SIGKILL');
  return { before, isolated, later, inherited };
}

/** CPU time per second of two processes that never rest, one on each thread of the core: 2 side by side, 1 in turns. */
async function share(arrange: (first: number, second: number) => void): Promise<number> {
  const spin = (cpu: number) => spawn('taskset', [String(1 << cpu), 'sh', '-c', 'while :; do :; done']);
  const both = [spin(0), spin(1)];
  const [first = 0, second = 0] = both.map(pidOf);
  arrange(first, second);
  const used = () => nanosecondsOnCpu(first) + nanosecondsOnCpu(second);
  const [usedBefore, before] = [used(), process.hrtime.bigint()];
  await sleep(WATCH_MS);
  const ratio = (used() - usedBefore) / Number(process.hrtime.bigint() - before);
  both.forEach((child) => child.kill('SIGKILL'));
  return ratio;
}

/** What the agent writes for a container, as far as this small kernel goes. */
async function container(): Promise<object> {
  const dir = '/run/containers/c1';
  mkdirSync(dir, { recursive: true });
  const config = renderLxcConfig({
    ...{ hostname: 'c1', rootfs: '/guest', mountAuto: [], mounts: [], dropCapabilities: [], cgroupValues: [], sysctls: {}, environment: {} },
    ...{ cgroups: { monitor: 'm', container: 'c' }, resourceLimits: {}, console: { logFile: `${dir}/console`, maxBytes: 4096 }, startHooks: [], raw: '' },
    coreScheduling: true,
  });
  writeFileSync(`${dir}/config`, config);
  const of = ['-P', '/run/containers', '-n', 'c1'];
  try {
    await run('lxc-start', [...of, '-o', `${dir}/log`, '-l', 'INFO', '--', '/bin/sleep', '1000']);
    const init = Number((await run('lxc-info', [...of, '-pH'])).stdout);
    // Elevated: this small kernel has no seccomp, which liblxc otherwise asks for here.
    const attached = spawn('lxc-attach', [...of, '-e', '-o', `${dir}/attached`, '-l', 'INFO', '--', '/bin/sleep', '500'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const sleeper = await eventually(() => pidOfProgram(['/bin/sleep', '500']), { timeoutMs: 60_000, what: 'the attached program' });
    const cookies = [init, sleeper].map(coreCookie);
    attached.kill('SIGKILL');
    return { isolated: cookies[0] !== 0n && cookies[0] !== coreCookie(0), alike: cookies.every((cookie) => cookie === cookies[0]) };
  } catch (error) {
    const logs = ['log', 'attached'].filter((name) => existsSync(`${dir}/${name}`)).map((name) => readFileSync(`${dir}/${name}`, 'utf8').slice(-3_000));
    return { failed: [(error as Error).message, ...logs].join('\n') };
  }
}

/** A process that was started with these words. */
function pidOfProgram(words: readonly string[]): number | undefined {
  const wanted = [...words, ''].join('\0');
  const commandLine = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return ''; // it ended meanwhile
    }
  };
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && commandLine(name) === wanted);
  return pid === undefined ? undefined : Number(pid);
}

async function main(): Promise<void> {
  const support = detectCoreScheduling();
  const result = {
    support,
    siblings: readFileSync('/sys/devices/system/cpu/cpu0/topology/thread_siblings_list', 'utf8').trim(),
    threads: await manyThreads(support),
    shared: await share(() => undefined),
    apart: await share((first, second) => [first, second].forEach(isolateProcess)),
    container: await container(),
  };
  process.stdout.write(`RESULT ${JSON.stringify(result)}\n`);
}

main().catch((error: unknown) => process.stdout.write(`RESULT ${JSON.stringify({ failed: String((error as Error).stack) })}\n`));
