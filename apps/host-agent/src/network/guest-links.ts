/**
 * Interfaces of containers as their own processes see them, for looks that come all the time. ip(8) knows everything, but a process for
 * each guest each time keeps a host with a hundred guests busy. So it is asked only when something differs in what the kernel says in a
 * few reads (/proc/<pid>/net), and now and then for the rest, such as an MTU.
 *
 *   dev         names, counters
 *   dev_mcast   which are up           if_inet6   IPv6 addresses           fib_trie, route   IPv4 addresses
 */
import { readFileSync } from 'node:fs';
import { type LinkCounters, linksOf, type LinkState } from './host-links';

const REST_MS = 30_000;
const TELLING = ['dev_mcast', 'if_inet6', 'fib_trie', 'route'] as const;

interface Known {
  pid: number;
  signature: string;
  links: readonly LinkState[];
  at: number;
}

export class GuestLinks {
  private readonly known = new Map<string, Known>();

  /** @param ask all that ip(8) says of a process's interfaces @param read a file of /proc/<pid>/net, "" where there is none */
  constructor(
    private readonly ask: (pid: number) => Promise<LinkState[]> = linksOf,
    private readonly read: (pid: number, name: string) => string = readNow,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async recent(instanceId: string, pid: number): Promise<LinkState[]> {
    const counters = countersIn(this.read(pid, 'dev'));
    const signature = [...counters.keys(), ...TELLING.map((name) => this.read(pid, name))].join('\n');
    const before = this.known.get(instanceId);
    if (before?.pid === pid && before.signature === signature && this.now() - before.at < REST_MS)
      return before.links.map((link) => ({ ...link, stats64: counters.get(link.ifname) ?? link.stats64 }));
    const links = await this.ask(pid);
    this.known.set(instanceId, { pid, signature, links, at: this.now() });
    return links;
  }

  forget(instanceId: string): void {
    this.known.delete(instanceId);
  }
}

/** From the kernel's memory: to have a thread do these reads would cost more than they do. */
function readNow(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** proc_pid_net(5): two lines of headings, then `name: rx bytes packets errs drop fifo frame compressed multicast, tx the same`. */
const countersIn = (dev: string): Map<string, { rx: LinkCounters; tx: LinkCounters }> =>
  new Map(
    dev
      .split('\n')
      .slice(2)
      .filter((line) => line.includes(':'))
      .map((line) => {
        const [name = '', figures = ''] = line.split(/:\s*/);
        const numbers = figures.trim().split(/\s+/).map(Number);
        return [name.trim(), { rx: counted(numbers.slice(0, 4)), tx: counted(numbers.slice(8, 12)) }];
      }),
  );

const counted = ([bytes = 0, packets = 0, errors = 0, dropped = 0]: number[]): LinkCounters => ({ bytes, packets, errors, dropped });
