/**
 * A guest that counts on its serial console, in its memory and on its disk, watched from outside: its own clock stands still with it.
 * The consoles of a guest before and after a move are files on two hosts.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** For the guest's shell. A number about every 10 ms, without a process for each; its disk gets each tenth. */
export const COUNTER = `mkfifo /run/never; exec 3<>/run/never; n=0
while :; do n=$((n+1)); echo "C $n" >/dev/ttyS0; echo $n >/run/count; [ $((n%10)) != 0 ] || echo $n >/root/count; read -t 0.01 x <&3; done`;

const LOOK_MS = 1;

interface Tail {
  path: string;
  fd: number | undefined;
  bytes: number;
  rest: string;
}

export class CounterWatch {
  private readonly seen: { atMs: number; number: number }[] = [];
  private readonly tails: Tail[];
  private readonly timer: NodeJS.Timeout;
  private readonly buffer = Buffer.alloc(65_536);
  private looks = 0;

  /** @param consoles files that may not be there yet; only what is added to them counts */
  constructor(consoles: readonly string[]) {
    this.tails = consoles.map((path) => ({ path, fd: undefined, bytes: 0, rest: '' }));
    for (const tail of this.tails) this.read(tail);
    this.seen.length = 0;
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** The longest time without a new number, milliseconds. @throws Error when numbers are missing or come twice */
  end(): number {
    clearInterval(this.timer);
    for (const { fd } of this.tails) if (fd !== undefined) closeSync(fd);
    const gaps = this.seen.slice(1).map(({ atMs, number }, index) => {
      const before = this.seen[index]!;
      if (number !== before.number + 1) throw new Error(`the guest has counted from ${before.number} to ${number}`);
      return atMs - before.atMs;
    });
    if (gaps.length === 0) throw new Error('the guest does not count');
    return Math.max(...gaps);
  }

  private look(): void {
    this.looks += 1;
    for (const tail of this.tails) if (tail.fd !== undefined || this.looks % 20 === 0) this.read(tail);
  }

  private read(tail: Tail): void {
    tail.fd ??= openIfThere(tail.path);
    if (tail.fd === undefined) return;
    for (;;) {
      const count = readSync(tail.fd, this.buffer, 0, this.buffer.length, tail.bytes);
      if (count === 0) return;
      tail.bytes += count;
      const text = tail.rest + this.buffer.toString('latin1', 0, count);
      const end = text.lastIndexOf('\n') + 1;
      tail.rest = text.slice(end);
      const atMs = performance.now();
      for (const [, number] of text.slice(0, end).matchAll(/^C (\d+)\r?$/gm)) this.seen.push({ atMs, number: Number(number) });
    }
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
