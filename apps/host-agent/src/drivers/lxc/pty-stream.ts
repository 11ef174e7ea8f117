import { execFile } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { type IPty, spawn } from '@lydell/node-pty';
import type { CommandLine } from '@weft/lxc';
import { AddedReturns } from './added-returns';

const execute = promisify(execFile);

/** A tool of liblxc on a terminal of its own, which it relays to a terminal in the container: a byte stream. */
export interface PtyProcess {
  pid: number;
  stream: Duplex;
  resize(width: number, height: number): void;
  /** Exit code, 128+n when it was killed by signal n. */
  exit: Promise<number>;
  kill(): void;
}

export interface PtySize {
  width: number;
  height: number;
}

export interface PtyOptions {
  size: PtySize;
  cwd: string;
  /** Terminals between us and the guest's own. */
  layers: number;
  /** Changes what is sent. */
  input?: (chunk: Buffer) => Buffer;
}

/** A return at the end of what was read waits this long for the line feed that may follow. */
const HOLD_MS = 5;
const RAW_TIMEOUT_MS = 5000;

export function startOnPty(command: CommandLine, options: PtyOptions): PtyProcess {
  const pty = spawn(command.file, command.args, {
    name: 'xterm',
    cols: cells(options.size.width, 80),
    rows: cells(options.size.height, 24),
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm' },
    encoding: null,
  });
  const exit = new Promise<number>((resolve) => pty.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode)));
  const stream = streamOf(pty, exit, options);
  return {
    pid: pty.pid,
    stream,
    exit,
    resize: (width, height) => attempt(() => pty.resize(cells(width, 80), cells(height, 24))),
    kill: () => attempt(() => pty.kill('SIGKILL')),
  };
}

function streamOf(pty: IPty, exit: Promise<number>, { layers, input = (chunk) => chunk }: PtyOptions): Duplex {
  const ready = Promise.race([untilRaw(pty.pid), exit]);
  const stream = new Duplex({
    read: () => pty.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      void ready.then(() => {
        // Bytes, whatever the type says: the package passes them on.
        attempt(() => pty.write(input(chunk) as unknown as string));
        done();
      });
    },
    // A terminal has no end of input: the reader's own key (Ctrl-D) says it.
    final: (done) => done(),
    destroy: (error, done) => {
      attempt(() => pty.kill('SIGHUP'));
      done(error);
    },
  });
  const returns = new AddedReturns(layers);
  let timer: NodeJS.Timeout | undefined;
  const push = (bytes: Buffer): void => {
    if (bytes.length > 0 && !stream.push(bytes)) pty.pause();
  };
  pty.onData((data) => {
    clearTimeout(timer);
    // With `encoding: null` it is a Buffer, whatever the type says.
    push(returns.strip(data as unknown as Buffer));
    if (returns.isHolding) timer = setTimeout(() => push(returns.flush()), HOLD_MS);
  });
  void exit.then(() => {
    clearTimeout(timer);
    push(returns.flush());
    stream.push(null);
  });
  return stream;
}

/**
 * Resolves when the tool has switched its terminal to raw: it discards what was typed before that (TCSAFLUSH), so
 * input has to wait. Gives up quietly; a tool that never does is about to end.
 */
async function untilRaw(pid: number): Promise<void> {
  const deadline = performance.now() + RAW_TIMEOUT_MS;
  while (performance.now() < deadline) {
    try {
      const terminal = await fs.readlink(`/proc/${pid}/fd/0`);
      const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
      const { stdout } = await execute('stty', ['-F', terminal, '-a'], { cwd: '/', env, timeout: RAW_TIMEOUT_MS, killSignal: 'SIGKILL' });
      if (/ -icanon/.test(stdout)) return;
    } catch {
      // It has not opened its terminal yet, or has ended.
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const cells = (value: number, otherwise: number): number => (Number.isInteger(value) && value > 0 && value < 65_536 ? value : otherwise);

/** The terminal may have gone a moment ago. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Nothing is left to act on.
  }
}
