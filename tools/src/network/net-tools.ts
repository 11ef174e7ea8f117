/** The programs that shape networks: ip(8), nsenter(1), nft(8), ethtool(8), sysctl(8). */
import { execFile } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';

const NAMESPACES = '/run/netns';
/** Magic number of nsfs (statfs(2)): what else lies there is no namespace any more. */
const NSFS = 0x6e736673;

export const namespacePath = (name: string): string => join(NAMESPACES, name);

export const isNamespace = (name: string): boolean => {
  try {
    return statfsSync(namespacePath(name)).type === NSFS;
  } catch {
    return false;
  }
};

/** `nsenter`, not `ip netns exec`: that one hides /sys/fs/cgroup. */
export const inside = (namespace: string, command: string, args: readonly string[]): [string, string[]] => [
  'nsenter',
  [`--net=${namespacePath(namespace)}`, '--', command, ...args],
];

/** @throws Error that ends with what the program said */
export const run = (command: string, args: readonly string[], input?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile(command, [...args], { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
      else resolve(stdout);
    });
    // It may end without reading its input; its exit code tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });

const named = (namespace: string | undefined): string[] => (namespace === undefined ? [] : ['-netns', namespace]);

/** Runs `ip` commands as one batch; the first that fails ends it. Without a namespace: in our own. */
export const ip = async (namespace: string | undefined, commands: readonly string[]): Promise<void> => {
  if (commands.length) await run('ip', [...named(namespace), '-batch', '-'], `${commands.join('\n')}\n`);
};

/** Names of the interfaces. */
export const linksIn = async (namespace?: string): Promise<Set<string>> => {
  const links = JSON.parse(await run('ip', [...named(namespace), '-json', 'link', 'show'])) as { ifname: string }[];
  return new Set(links.map(({ ifname }) => ifname));
};

/** Destinations of every IPv4 route of this machine, and its addresses. */
export const takenSubnets = async (apartFrom: string): Promise<string[]> => {
  const routes = JSON.parse(await run('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])) as { dst: string; dev?: string }[];
  return routes.filter(({ dev }) => dev !== apartFrom).map(({ dst }) => dst);
};

/** Kernel's checksums are finished by hardware that a userspace datapath does not have. */
export const withoutOffload = async (namespace: string, link: string): Promise<void> => {
  await run(...inside(namespace, 'ethtool', ['-K', link, 'tx', 'off']));
};

export const setKernel = async (namespace: string, settings: Readonly<Record<string, string>>): Promise<void> => {
  await run(...inside(namespace, 'sysctl', ['-qw', ...Object.entries(settings).map(([key, value]) => `${key}=${value}`)]));
};
