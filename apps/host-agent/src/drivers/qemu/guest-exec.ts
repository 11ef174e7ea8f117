/**
 * Commands in a running guest. The agent can only start a program and tell when it has ended, so input and output go
 * through a directory in the guest:
 *
 *   stdin  --guest-file-write--> in (FIFO) --> command --> out, err (files) --guest-file-read--> stdout, stderr
 *
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
/** A FIFO takes up to this many bytes as a whole or not at all (pipe(7), PIPE_BUF), one less than stdio's buffer. */
const WRITE_BYTES = 4_095;
const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 100;
const FULL_FIFO_MS = 10;
const SIGKILL = 9;

interface Handles {
  dir: string;
  stdin: number;
  stdout: number;
  stderr: number;
}

/** @param release gives the agent's connection back when the command has ended */
export async function execInGuest(agent: GuestAgentClient, request: ExecRequest, release: () => void): Promise<ExecProcess> {
  const handles = await prepare(agent);
  const pid = await startInGuest(agent, '/bin/sh', runArguments(handles.dir, request), false);
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const input = feed(agent, handles.stdin, stdin);
  const exit = follow(agent, pid, handles, stdout, stderr).finally(async () => {
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
    resize: (width: number, height: number) => request.interactive && inGuest('stty -F "$(cat "$1/tty")" cols "$2" rows "$3"', handles.dir, String(width), String(height)),
    signal,
    exit,
    kill: () => signal(SIGKILL),
  };
  if (!request.interactive) return { stdin, stdout, stderr, ...control };
  stderr.pipe(stdout, { end: false });
  return { tty: Duplex.from({ writable: stdin, readable: stdout }), ...control };
}

async function prepare(agent: GuestAgentClient): Promise<Handles> {
  const { code, stdout, stderr } = await runInGuest(agent, '/bin/sh', ['-c', PREPARE]);
  if (code !== 0) throw new WeftError('instance.wrong-status', `The guest cannot run commands: ${stderr.trim()}`);
  const dir = stdout.trim();
  const open = (name: string, mode: string) => agent.execute('guest-file-open', { path: `${dir}/${name}`, mode });
  // For reading and writing: opening a FIFO for writing alone would wait for the command.
  return { dir, stdin: await open('in', 'r+'), stdout: await open('out', 'r'), stderr: await open('err', 'r') };
}

/** Copies output until the command has ended and everything is read; resolves with the exit code. */
async function follow(agent: GuestAgentClient, pid: number, handles: Handles, stdout: PassThrough, stderr: PassThrough): Promise<number> {
  const outputs = [[handles.stdout, stdout], [handles.stderr, stderr]] as const;
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
    stdout.end();
    stderr.end();
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

/** Passes input on; closing the FIFO is the command's end of input. Ends early when nobody takes it. */
async function feed(agent: GuestAgentClient, handle: number, stdin: PassThrough): Promise<void> {
  try {
    for await (const piece of stdin) {
      const bytes = Buffer.from(piece as Uint8Array);
      for (let from = 0; from < bytes.length; from += WRITE_BYTES) {
        await agent.execute('guest-file-write', { handle, 'buf-b64': bytes.subarray(from, from + WRITE_BYTES).toString('base64') });
        await flush(agent, handle, stdin);
      }
    }
  } catch {
    // The command has ended without reading its input.
  } finally {
    await agent.execute('guest-file-close', { handle }).catch(() => undefined);
  }
}

/** A full FIFO takes nothing: the agent keeps the bytes, and flushing again tries again. */
async function flush(agent: GuestAgentClient, handle: number, stdin: PassThrough): Promise<void> {
  while (!stdin.destroyed) {
    try {
      await agent.execute('guest-file-flush', { handle });
      return;
    } catch (error) {
      if (!(error instanceof QmpError && /temporarily unavailable/.test(error.description))) throw error;
      await sleep(FULL_FIFO_MS);
    }
  }
}

async function cleanUp(agent: GuestAgentClient, { dir, stdout, stderr }: Handles): Promise<void> {
  const quietly = (work: Promise<unknown>) => work.catch(() => undefined);
  await quietly(agent.execute('guest-file-close', { handle: stdout }));
  await quietly(agent.execute('guest-file-close', { handle: stderr }));
  await quietly(runInGuest(agent, 'rm', ['-rf', '--', dir]));
}
