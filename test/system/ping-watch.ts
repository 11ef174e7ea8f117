/** iputils' ping from the network namespace of a guest: what is lost, and how long nothing is heard. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Heard {
  sent: number;
  lost: number;
  duplicates: number;
  /** Between two answers, milliseconds. */
  silenceMs: number;
}

export class PingWatch {
  private output = '';
  private readonly child: ChildProcess;

  /** @param pid of a process in the namespace to ping from */
  constructor(pid: number, address: string, intervalMs: number) {
    this.child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, 'ping', '-D', '-i', String(intervalMs / 1_000), address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  async end(): Promise<Heard> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGINT');
    await closed;
    return heardIn(this.output);
  }
}

/** @param output of `ping -D`, a line for each answer: `[<seconds>] 64 bytes from ...: icmp_seq=<number> ...` */
export function heardIn(output: string): Heard {
  const answers = [...output.matchAll(/^\[(\d+\.\d+)\] \d+ bytes.*icmp_seq=(\d+)/gm)].map(([, at, number]) => ({
    atMs: Number(at) * 1_000,
    number: Number(number),
  }));
  const numbers = new Set(answers.map(({ number }) => number));
  // Those before the first and behind the last answer were on their way when watching began and ended.
  const sent = answers.length === 0 ? 0 : Math.max(...numbers) - Math.min(...numbers) + 1;
  const gaps = answers.slice(1).map(({ atMs }, index) => atMs - answers[index]!.atMs);
  return { sent, lost: sent - numbers.size, duplicates: answers.length - numbers.size, silenceMs: Math.max(0, ...gaps) };
}
