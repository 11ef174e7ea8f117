/**
 * Commands in a running container, through lxc-attach: it joins the container's namespaces, control groups, security
 * profile and system call filter, and ends with the command's own exit code.
 */
import { spawn } from 'node:child_process';
import { promises as fs } from 'node:fs';
import type { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import type { InstanceSpec } from '@weft/contracts';
import type { CommandLine, Lxc, LxcProcesses } from '@weft/lxc';
import type { ExecProcess, ExecRequest } from '../driver';
import type { GuestPipes } from './guest-pipes';
import { sendSignal, SIGKILL } from './kill-groups';
import { startOnPty } from './pty-stream';

/** After a command has ended, something it left behind may hold its output open: wait this long without output. */
const QUIET_MS = 150;

export class ContainerExec {
  constructor(
    private readonly lxc: Lxc,
    private readonly processes: LxcProcesses,
    private readonly pipes: GuestPipes,
  ) {}

  async run(spec: InstanceSpec, request: ExecRequest): Promise<ExecProcess> {
    const { user, group, environment } = request;
    const place = await placeOf(request);
    const command = this.lxc.attachCommand(spec.id, { user, group, environment }, [...place.prefix, ...request.command]);
    return request.interactive ? this.onTerminal(command, place.cwd, request) : this.onPipes(command, place.cwd);
  }

  private onTerminal(command: CommandLine, cwd: string, request: ExecRequest): ExecProcess {
    const pty = startOnPty(command, { size: request, cwd, layers: 1 });
    const send = (signal: number): void => void this.signal(pty.pid, signal, pty.exit);
    return { tty: pty.stream, resize: pty.resize, signal: send, exit: pty.exit, kill: () => void this.kill(pty.pid, pty.exit) };
  }

  private async onPipes(command: CommandLine, cwd: string): Promise<ExecProcess> {
    const { stdin, stdout, stderr, child, release } = await this.pipes.take();
    const attach = spawn(command.file, command.args, { cwd, env: { PATH: process.env['PATH'] }, stdio: child, detached: true });
    release();
    // Writing to a command that has gone is no failure of ours.
    stdin.on('error', () => undefined);
    const exit = new Promise<number>((resolve, reject) => {
      attach.once('error', reject);
      attach.once('exit', (code, signal) => resolve(code ?? 128 + (SIGNALS[signal ?? ''] ?? SIGKILL)));
    });
    const finish = (): void => void stdin.destroy();
    exit.then(finish, finish);
    const pid = attach.pid ?? 0;
    const send = (signal: number): void => void this.signal(pid, signal, exit);
    return {
      stdin,
      stdout: outputOf(stdout, exit),
      stderr: outputOf(stderr, exit),
      resize: () => undefined,
      signal: send,
      exit,
      kill: () => void this.kill(pid, exit),
    };
  }

  /** To the command itself, as soon as lxc-attach has brought it into the container. */
  private async signal(attachPid: number, signal: number, exit: Promise<number>): Promise<void> {
    let hasEnded = false;
    exit.then(
      () => (hasEnded = true),
      () => (hasEnded = true),
    );
    for (let waitMs = 1; !hasEnded && waitMs < 1000; waitMs *= 2) {
      const pid = await this.processes.attached(attachPid);
      if (pid !== undefined) return sendSignal(pid, signal);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  private async kill(attachPid: number, exit: Promise<number>): Promise<void> {
    await this.signal(attachPid, SIGKILL, exit);
    sendSignal(attachPid, SIGKILL);
  }
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: SIGKILL, SIGTERM: 15 };

/**
 * What comes out of our end of a pipe. It ends with the pipe, or when the command has ended and nothing more comes: a
 * process that the command left behind may hold its end open for ever.
 */
function outputOf(pipe: Socket, exit: Promise<number>): Readable {
  const output = new PassThrough();
  pipe.pipe(output);
  pipe.on('error', () => output.end());
  const close = (): void => {
    pipe.setTimeout(QUIET_MS, () => {
      // Nothing was read because the reader is slow, not because nothing is there.
      if (pipe.readableLength > 0 || output.writableNeedDrain) return close();
      output.end();
      pipe.destroy();
    });
  };
  exit.then(close, close);
  output.once('close', () => pipe.destroy());
  return output;
}

/**
 * lxc-attach has no option for a directory: it enters the one with the name of its own, if the container has it, and
 * "/" otherwise. That is what a home needs, which the caller need not have asked for; any other directory has to be
 * there, so the guest's own shell goes into it first.
 */
async function placeOf({ cwd, environment }: ExecRequest): Promise<{ cwd: string; prefix: readonly string[] }> {
  if (cwd === '' || cwd === '/') return { cwd: '/', prefix: [] };
  const isHome = cwd === environment['HOME'];
  if (isHome && (await fs.realpath(cwd).catch(() => '')) === cwd) return { cwd, prefix: [] };
  return { cwd: '/', prefix: ['/bin/sh', '-c', `cd -- "$1" || ${isHome ? 'cd /' : 'exit 1'}; shift; exec "$@"`, 'sh', cwd] };
}
