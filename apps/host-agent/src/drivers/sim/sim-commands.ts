/** The few commands that a simulated guest knows: enough to test what carries them. */
import { posix } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { SimDisk } from './sim-disk';

export interface SimProcess {
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  cwd: string;
  user: number;
  group: number;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  killed: AbortSignal;
  disk: SimDisk;
  /** The guest ends its own life. */
  halt(reason: 'guest' | 'reboot'): Promise<void>;
}

type SimCommand = (process: SimProcess) => Promise<number> | number;

const say = (process: SimProcess, text: string): number => {
  process.stdout.write(text);
  return 0;
};

const cat: SimCommand = async (process) => {
  if (process.args.length > 0) {
    for (const path of process.args) process.stdout.write(process.disk.read(posix.resolve(process.cwd, path)));
    return 0;
  }
  await pipeline(process.stdin, process.stdout, { end: false, signal: process.killed });
  return 0;
};

const halt =
  (reason: 'guest' | 'reboot'): SimCommand =>
  async (process) => {
    await process.halt(reason);
    return 0;
  };

const COMMANDS: Readonly<Record<string, SimCommand>> = {
  true: () => 0,
  false: () => 1,
  echo: (process) => say(process, `${process.args.join(' ')}\n`),
  env: (process) =>
    say(
      process,
      Object.entries(process.environment)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    ),
  pwd: (process) => say(process, `${process.cwd}\n`),
  id: (process) => say(process, `uid=${process.user} gid=${process.group}\n`),
  uname: (process) => say(process, process.args[0] === '-a' ? 'Linux simulated 0.0.0-sim #1 SMP sim GNU/Linux\n' : 'Linux\n'),
  hostname: (process) => say(process, process.disk.read('/etc/hostname').toString()),
  ls: (process) =>
    say(
      process,
      process.disk
        .list(posix.resolve(process.cwd, process.args[0] ?? '.'))
        .map((name) => `${name}\n`)
        .join(''),
    ),
  sleep: async (process) => {
    await wait(Number(process.args[0]) * 1000, undefined, { signal: process.killed });
    return 0;
  },
  cat,
  sh: shell,
  bash: shell,
  poweroff: halt('guest'),
  halt: halt('guest'),
  reboot: halt('reboot'),
};

/** Runs one command of a process; 127 unknown, 126 a directory or a file that is no program. */
export async function runSimCommand(command: readonly string[], process: SimProcess): Promise<number> {
  const [program = '', ...args] = command;
  const name = /^(\/usr)?\/s?bin\/([^/]+)$/.exec(program)?.[2] ?? program;
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (found) return found({ ...process, args });
  const exists = program.startsWith('/') && process.disk.resolve(program, true) in process.disk.data;
  process.stderr.write(exists ? `${program}: permission denied\n` : `${program}: not found\n`);
  return exists ? 126 : 127;
}

/** `sh -c 'a; b >&2; exit 3'`, or lines from the input. */
async function shell(process: SimProcess): Promise<number> {
  if (process.args[0] === '-c') return runLine(process.args[1] ?? '', process).then((result) => result.code);
  let code = 0;
  for await (const line of lines(process.stdin)) {
    const result = await runLine(line, process);
    code = result.code;
    if (result.exited) break;
  }
  return code;
}

async function runLine(line: string, process: SimProcess): Promise<{ code: number; exited: boolean }> {
  let code = 0;
  for (const statement of line.split(';')) {
    const words = statement.match(/'[^']*'|"[^"]*"|\S+/g)?.map((word) => word.replace(/^(['"])(.*)\1$/, '$2')) ?? [];
    const toErrors = words.at(-1) === '>&2';
    if (toErrors) words.pop();
    if (words[0] === 'exit') return { code: Number(words[1] ?? code), exited: true };
    if (words.length > 0) code = await runSimCommand(words, { ...process, stdout: toErrors ? process.stderr : process.stdout });
  }
  return { code, exited: false };
}

async function* lines(input: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of input) {
    const parts = (rest + String(chunk)).split(/[\r\n]/);
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest) yield rest;
}
