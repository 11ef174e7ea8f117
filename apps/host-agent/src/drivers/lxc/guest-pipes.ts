/**
 * Real pipes for a command's standard streams. Node's own `stdio: 'pipe'` makes socket pairs, and a guest that opens
 * /dev/stdout or /proc/self/fd/2 by name gets ENXIO on a socket; so these are FIFOs (fifo(7)), unlinked as soon as both
 * ends are open. The next set is made while the last one is in use, so taking one costs no process.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, promises as fs, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;

export interface PipeSet {
  /** Our ends. */
  stdin: Socket;
  stdout: Socket;
  stderr: Socket;
  /** The command's ends, blocking as programs expect: pass them on, then `release`. */
  child: [number, number, number];
  release(): void;
}

type Names = [string, string, string];

export class GuestPipes {
  private next: Promise<Names> | undefined;
  private count = 0;

  /** @param dir a private directory; what an earlier process left there is removed */
  constructor(private readonly dir: string) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  async take(): Promise<PipeSet> {
    const names = await (this.next ?? this.make());
    this.next = this.make();
    this.next.catch(() => (this.next = undefined));
    const [stdin, stdout, stderr] = [openEnds(names[0], 'read'), openEnds(names[1], 'write'), openEnds(names[2], 'write')];
    await Promise.all(names.map((name) => fs.unlink(name)));
    const child: [number, number, number] = [stdin.child, stdout.child, stderr.child];
    return {
      stdin: new Socket({ fd: stdin.own, readable: false, writable: true }),
      stdout: new Socket({ fd: stdout.own, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr.own, readable: true, writable: false }),
      child,
      release: () => child.forEach((fd) => closeSync(fd)),
    };
  }

  private async make(): Promise<Names> {
    const stem = join(this.dir, String(this.count++));
    const names: Names = [`${stem}.in`, `${stem}.out`, `${stem}.err`];
    // Other users of the guest may open them by name too, hence 0666; the directory keeps everybody else out.
    await execute('mkfifo', ['-m', '0666', '--', ...names], { cwd: '/', timeout: 30_000, killSignal: 'SIGKILL' });
    return names;
  }
}

/** Opening one end of a FIFO waits for the other, so a third descriptor holds both open meanwhile. */
function openEnds(name: string, childDoes: 'read' | 'write'): { own: number; child: number } {
  const both = openSync(name, O_RDWR | O_NONBLOCK);
  try {
    const child = openSync(name, childDoes === 'read' ? O_RDONLY : O_WRONLY);
    const own = openSync(name, (childDoes === 'read' ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
    return { own, child };
  } finally {
    closeSync(both);
  }
}
