/**
 * Commands in a running guest. The agent can only start a program and tell when it has ended, so input and output go
 * through a directory in the guest:
 *
 *   stdin --guest-file-write--> 1, 2, 3... (files, their names through the FIFO `go`) --cat--> in (FIFO) --> command
 *   command --> out, err (files) --guest-file-read--> stdout, stderr
 *
 * A FIFO alone would not do for input: the agent's writes do not wait, and what does not fit is lost.
 * Output is read while the command runs. Interactive requests get a terminal where the guest has `script`.
 */
import { Duplex, PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '@weft/contracts';
import { type GuestAgentClient, QmpError } from '@weft/qmp';
import type { ExecProcess, ExecRequest } from '../driver';
import { PREPARE, runArguments } from './guest-exec.script';
import { exitCodeOf, runInGuest, startInGuest } from './guest-run';

const READ_BYTES = 192 * 1024;
const PART_BYTES = 192 * 1024;
/** As many parts of the input may lie in the guest. */
const MOST_PARTS = 8;
const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 100;
const RETRY_MS = 10;
const SIGKILL = 9;

interface Handles {
  dir: string;
  go: number;
  stdout: number;
  stderr: number;
}

/** @param release gives the agent's connection back when the command has ended */
export async function execInGuest(agent: GuestAgentClient, request: ExecRequest, release: () => void): Promise<ExecProcess> {
  const handles = await prepare(agent);
  const pid = await startInGuest(agent, '/bin/sh', runArguments(handles.dir, request), false);
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const ended = new AbortController();
  const input = feed(agent, handles, stdin, ended.signal);
  // A terminal has one output.
  const exit = follow(agent, pid, handles, stdout, request.interactive ? stdout : stderr).finally(async () => {
    ended.abort();
    stdin.destroy();
    await input;
    await cleanUp(agent, handles);
    release();
  });
  // Whoever only reads the output need not handle the failure twice.
  exit.catch(() => undefined);
  const inGuest = (script: string, ...args: string[]) => void runInGuest(agent, '/bin/sh', ['-c', script, 'weft', ...args]).catch(() => undefined);
  const signal = (number: number) => inGuest('kill -"$1" "$2"', String(number), String(pid));
  const control = {
    resize: (width: number, height: number) =>
      request.interactive && inGuest('stty -F "$(cat "$1/tty")" cols "$2" rows "$3"', handles.dir, String(width), String(height)),
    signal,
    exit,
    kill: () => signal(SIGKILL),
  };
  if (!request.interactive) return { stdin, stdout, stderr, ...control };
  return { tty: joined(stdin, stdout), ...control };
}

/** Both directions as one stream; what is written after the command's end goes nowhere. */
function joined(input: PassThrough, output: PassThrough): Duplex {
  const terminal = new Duplex({
    read: () => void output.resume(),
    write: (chunk: Buffer, _, done) => (input.writable ? void input.write(chunk, () => done()) : done()),
    final: (done) => void (input.end(), done()),
  });
  output.on('data', (chunk: Buffer) => {
    if (!terminal.push(chunk)) output.pause();
  });
  output.on('end', () => terminal.push(null));
  return terminal;
}

async function prepare(agent: GuestAgentClient): Promise<Handles> {
  const { code, stdout, stderr } = await runInGuest(agent, '/bin/sh', ['-c', PREPARE]);
  if (code !== 0) throw new WeftError('instance.wrong-status', `The guest cannot run commands: ${stderr.trim()}`);
  const dir = stdout.trim();
  const open = (name: string, mode: string) => agent.execute('guest-file-open', { path: `${dir}/${name}`, mode });
  // For reading and writing: opening a FIFO for writing alone would wait for the command.
  return { dir, go: await open('go', 'r+'), stdout: await open('out', 'r'), stderr: await open('err', 'r') };
}

/** Copies output until the command has ended and everything is read; resolves with the exit code. */
async function follow(agent: GuestAgentClient, pid: number, handles: Handles, stdout: PassThrough, stderr: PassThrough): Promise<number> {
  const outputs = [
    [handles.stdout, stdout],
    [handles.stderr, stderr],
  ] as const;
  let wait = FIRST_POLL_MS;
  try {
    for (;;) {
      const status = await agent.execute('guest-exec-status', { pid });
      let read = 0;
      for (const [handle, stream] of outputs) read += await drain(agent, handle, stream);
      if (status.exited) return exitCodeOf(status);
      wait = read > 0 ? FIRST_POLL_MS : Math.min(wait * 2, LONGEST_POLL_MS);
      await sleep(wait);
    }
  } catch (error) {
    throw new WeftError('task.failed', 'The guest agent went away while the command ran', { cause: error });
  } finally {
    for (const [, stream] of outputs) stream.end();
  }
}

/** Passes on what the file holds beyond what was read before; returns how many bytes. */
async function drain(agent: GuestAgentClient, handle: number, stream: PassThrough): Promise<number> {
  let total = 0;
  for (;;) {
    const { count, 'buf-b64': data } = await agent.execute('guest-file-read', { handle, count: READ_BYTES });
    if (count === 0) return total;
    total += count;
    if (!stream.destroyed && !stream.write(Buffer.from(data, 'base64'))) {
      await new Promise<void>((resolve) => void stream.once('drain', resolve).once('close', resolve));
    }
  }
}

/** Passes input on; closing `go` is the end of the command's input. Ends early when the command has ended. */
async function feed(agent: GuestAgentClient, { dir, go }: Handles, stdin: PassThrough, ended: AbortSignal): Promise<void> {
  let part = 0;
  try {
    for await (const piece of stdin) {
      const bytes = Buffer.from(piece as Uint8Array);
      for (let from = 0; from < bytes.length; from += PART_BYTES) {
        part += 1;
        await until(async () => part <= MOST_PARTS || !(await isThere(agent, `${dir}/${part - MOST_PARTS}`)), ended);
        await writePart(agent, `${dir}/${part}`, bytes.subarray(from, from + PART_BYTES));
        await agent.execute('guest-file-write', { handle: go, 'buf-b64': Buffer.from(`${part}\n`).toString('base64') });
        await agent.execute('guest-file-flush', { handle: go });
      }
    }
    // A FIFO that nobody else has open forgets what was written.
    await until(() => isThere(agent, `${dir}/open`), ended);
  } catch {
    // The command has ended without reading its input.
  } finally {
    await agent.execute('guest-file-close', { handle: go }).catch(() => undefined);
  }
}

async function writePart(agent: GuestAgentClient, path: string, bytes: Buffer): Promise<void> {
  const handle = await agent.execute('guest-file-open', { path, mode: 'w' });
  await agent.execute('guest-file-write', { handle, 'buf-b64': bytes.toString('base64') });
  await agent.execute('guest-file-close', { handle });
}

async function isThere(agent: GuestAgentClient, path: string): Promise<boolean> {
  try {
    const handle = await agent.execute('guest-file-open', { path, mode: 'r' });
    await agent.execute('guest-file-close', { handle });
    return true;
  } catch (error) {
    if (error instanceof QmpError && /No such file/.test(error.description)) return false;
    throw error;
  }
}

async function until(condition: () => Promise<boolean>, ended: AbortSignal): Promise<void> {
  while (!ended.aborted && !(await condition())) await sleep(RETRY_MS);
}

async function cleanUp(agent: GuestAgentClient, { dir, stdout, stderr }: Handles): Promise<void> {
  const quietly = (work: Promise<unknown>) => work.catch(() => undefined);
  await quietly(agent.execute('guest-file-close', { handle: stdout }));
  await quietly(agent.execute('guest-file-close', { handle: stderr }));
  await quietly(runInGuest(agent, 'rm', ['-rf', '--', dir]));
}
