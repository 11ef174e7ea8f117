/**
 * Interfaces of the host: veth(4) for containers, tap for virtual machines. Everything happens in one network namespace,
 * the agent's own or that of a simulated host.
 */
import { readFile } from 'node:fs/promises';
import { KeptAnswers } from '../files/kept-answers';
import { runProgram } from '../storage/vm-program';
import type { Nic } from './nic';

export interface LinkCounters {
  bytes: number;
  packets: number;
  errors: number;
  dropped: number;
}

/** `ip -json -statistics address show` (iproute2), the part that is used. */
export interface LinkState {
  ifindex: number;
  ifname: string;
  flags: string[];
  mtu: number;
  operstate: string;
  link_type: string;
  address?: string;
  addr_info: { family: string; local?: string; prefixlen: number; scope: string }[];
  stats64?: { rx: LinkCounters; tx: LinkCounters };
}

/** Looks at all guests of a host come together: one list serves them. */
const LIST_KEPT_MS = 1_000;

export class HostLinks {
  private readonly lists = new KeptAnswers<LinkState[]>(LIST_KEPT_MS, () => performance.now());

  /** @param netns path of a network namespace; unset: our own */
  constructor(private readonly netns?: string) {}

  /** Path of the namespace. */
  get namespace(): string {
    return this.netns ?? `/proc/${process.pid}/ns/net`;
  }

  async list(): Promise<LinkState[]> {
    return parseLinks(await this.run('ip', ['-json', '-statistics', 'address', 'show']));
  }

  /** A list that is a second old at most. */
  recentList(): Promise<LinkState[]> {
    return this.lists.get('all', () => this.list());
  }

  async indexOf(link: string): Promise<number | undefined> {
    return (await this.indexAtSight(link)) ?? this.askForIndex(link);
  }

  /** Of a link that can be seen without a program: one that is up, in our own namespace. */
  async indexAtSight(link: string): Promise<number | undefined> {
    return this.netns === undefined ? indexOfOwn(link) : undefined;
  }

  private async askForIndex(link: string): Promise<number | undefined> {
    const text = await this.run('ip', ['-json', 'link', 'show', 'dev', link]).catch(() => '[]');
    return parseLinks(text)[0]?.ifindex;
  }

  async remove(link: string): Promise<void> {
    if ((await this.indexOf(link)) === undefined) return;
    // It may go by itself meanwhile: a container's end takes its wire along.
    await this.run('ip', ['link', 'delete', 'dev', link]).catch(async (error: unknown) => {
      if ((await this.indexOf(link)) !== undefined) throw error;
    });
  }

  /** A tap that outlives the program that opens it. */
  async makeTap({ link, mtu }: Nic): Promise<void> {
    if ((await this.indexOf(link)) === undefined) await this.run('ip', ['tuntap', 'add', 'dev', link, 'mode', 'tap']);
    await this.run('ip', ['link', 'set', 'dev', link, 'mtu', String(mtu), 'up']);
  }

  /** Runs a program in the namespace; without one, where we are. */
  run(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.netns === undefined
      ? runProgram(program, args, environment)
      : runProgram('nsenter', [`--net=${this.netns}`, '--', program, ...args], environment);
  }
}

/** Of a link in our own namespace that is up and so in a multicast group, `index name users ...`: no program need be run for it. */
const indexOfOwn = async (link: string): Promise<number | undefined> => {
  const lines = (await readFile('/proc/self/net/dev_mcast', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const found = lines.find(([, name]) => name === link)?.[0];
  return found === undefined ? undefined : Number(found);
};

/** Interfaces as a process sees them. */
export const linksOf = async (pid: number): Promise<LinkState[]> =>
  parseLinks(await runProgram('nsenter', [`--net=/proc/${pid}/ns/net`, '--', 'ip', '-json', '-statistics', 'address', 'show']));

const parseLinks = (text: string): LinkState[] => (JSON.parse(text.trim() === '' ? '[]' : text) as LinkState[]).filter(({ ifname }) => ifname !== undefined);
