import { Duplex } from 'node:stream';
import { type IPty, spawn } from '@lydell/node-pty';
import type { CommandLine } from '@weft/lxc';

/** A process on a terminal of its own, as a byte stream. */
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

/** @param input changes what is sent, byte for byte, before the terminal gets it */
export function startOnPty(command: CommandLine, size: PtySize, cwd: string, input: (chunk: Buffer) => Buffer = (chunk) => chunk): PtyProcess {
  const pty = spawn(command.file, command.args, {
    name: 'xterm',
    cols: columns(size.width, 80),
    rows: columns(size.height, 24),
    cwd,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm' },
    encoding: null,
  });
  const stream = new Duplex({
    read: () => pty.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      pty.write(input(chunk) as unknown as string);
      done();
    },
    // A terminal has no end of input: the reader's own key (Ctrl-D) says it.
    final: (done) => done(),
    destroy: (error, done) => {
      pty.kill('SIGHUP');
      done(error);
    },
  });
  const exit = forward(pty, stream);
  return {
    pid: pty.pid,
    stream,
    exit,
    resize: (width, height) => attempt(() => pty.resize(columns(width, 80), columns(height, 24))),
    kill: () => attempt(() => pty.kill('SIGKILL')),
  };
}

function forward(pty: IPty, stream: Duplex): Promise<number> {
  pty.onData((data) => {
    // With `encoding: null` these are Buffers, whatever the type says.
    if (!stream.push(data)) pty.pause();
  });
  return new Promise((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      stream.push(null);
      resolve(signal ? 128 + signal : exitCode);
    });
  });
}

const columns = (value: number, otherwise: number): number => (Number.isInteger(value) && value > 0 && value < 65_536 ? value : otherwise);

/** The terminal may have gone a moment ago. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Nothing is left to act on.
  }
}
