import { Duplex, PassThrough } from 'node:stream';
import type { ExecProcess, ExecRequest } from '../driver';
import { runSimCommand, type SimProcess } from './sim-commands';

type Guest = Pick<SimProcess, 'disk' | 'halt'>;

/** Runs a simulated command with the streams of a real one. */
export function simExec(request: ExecRequest, guest: Guest): ExecProcess {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), request.interactive ? undefined : new PassThrough()];
  const killer = new AbortController();
  let killedBy = 0;
  const process: SimProcess = {
    ...guest,
    args: [],
    environment: request.environment,
    cwd: request.cwd || '/root',
    user: request.user,
    group: request.group,
    stdin,
    stdout,
    stderr: stderr ?? stdout,
    killed: killer.signal,
  };

  const exit = runSimCommand(request.command, process)
    .catch((error: unknown) => {
      if (killedBy) return 128 + killedBy;
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    })
    .then((code) => {
      stdout.end();
      stderr?.end();
      return killedBy ? 128 + killedBy : code;
    });
  const signal = (number: number) => {
    killedBy = number;
    killer.abort();
    stdin.destroy();
  };
  const ends = request.interactive ? { tty: Duplex.from({ readable: stdout, writable: stdin }) } : { stdin, stdout, stderr };
  return { ...ends, exit, signal, kill: () => signal(9), resize: () => undefined };
}
