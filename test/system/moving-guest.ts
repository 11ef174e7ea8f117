/** A virtual machine that moves between the first two of three members while it counts, and how to look at it from outside. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { keyOf, namespacePrefix } from '../../tools/src/network/network-plan';
import { holds } from './holds';
import type { Platform } from './platform';

export const BOOT_MS = 180_000;
export const MOVE_MS = 180_000;
export const MEMBERS = ['host1', 'host2', 'host3'] as const;

/** Where somebody listens: what is counted goes over one TCP connection, too, which has to live through every move. */
export interface Listener {
  address: string;
  port: number;
}

/**
 * Counts into its memory, onto its disk and to a listener; a line each, 20 in a second. Ends when /run/counting does not say `turn` any more: it is gone,
 * or another one counts.
 */
const counter = (turn: number, to?: Listener): string => `mkfifo /run/never 2>/dev/null; exec 3<>/run/never
echo ${turn} >/run/counting; read -t 0.3 x <&3; rm -f /run/count /root/count /run/wire; n=0
${to ? `mkfifo /run/wire; nc ${to.address} ${to.port} </run/wire & exec 4>/run/wire` : 'exec 4>/dev/null'}
while read turn </run/counting && [ "$turn" = ${turn} ]; do n=$((n+1)); echo $n >>/run/count; echo $n >>/root/count; echo $n >&4; read -t 0.05 x <&3; done`;
/** Prints how far a file counts without a gap or a repeat, and how many lines it has. */
const COUNTED = "awk '$1 != NR && !bad { bad = NR } END { print (bad ? bad - 1 : NR), NR }'";

/** It may go at any moment. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** @param inside runs a command in the guest that has the file */
export async function countedIn(inside: (...command: string[]) => Promise<string>, file: string): Promise<{ whole: number; lines: number }> {
  const [whole, lines] = (await inside('sh', '-c', `${COUNTED} ${file}`)).trim().split(' ').map(Number);
  return { whole: whole!, lines: lines! };
}

export type MovingGuest = ReturnType<typeof movingGuest>;

/** @param of the platform, once it has started */
export function movingGuest(of: () => Platform, name = 'v1') {
  let id = '';
  let turns = 0;
  const idsOn = (member: string): string[] => readdirSync(join(of().dir, 'members', member, 'instances'));
  const inside = (...command: string[]): Promise<string> => of().ok(['exec', name, '--', ...command]);
  const fileOn = (member: string, file: string): string => join(of().dir, 'members', member, 'instances', id, file);
  const location = async (): Promise<string> => (await of().query<{ location: string }>(`/1.0/instances/${name}`)).location;
  const counted = (file: string) => countedIn(inside, file);

  /** Processes of QEMU, not the shells that wait for them. */
  const qemu = (member: string): number[] =>
    readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
          return words.includes('-pidfile') && words.includes(fileOn(member, 'qemu.pid')) && !words.includes('weft-vm');
        } catch {
          return false; // it ended meanwhile
        }
      })
      .map(Number);

  return {
    name,
    id: (): string => id,
    idsOn,
    inside,
    fileOn,
    location,
    qemu,
    counted,
    status: async (): Promise<string> => (await of().query<{ status: string }>(`/1.0/instances/${name}`)).status,
    other: async (): Promise<string> => ((await location()) === MEMBERS[0] ? MEMBERS[1] : MEMBERS[0]),
    move: (target: string): Promise<string> => of().ok(['move', name, '--target', target], { timeoutMs: MOVE_MS }),

    async launch(member: string): Promise<void> {
      const before = new Set(idsOn(member));
      await of().ok(['launch', 'tiny-vm', name, '--vm', '--target', member, '-c', 'limits.memory=256MiB', '-c', 'migration.stateful=true']);
      id = idsOn(member).find((one) => !before.has(one)) ?? '';
      await holds(() => inside('true'), { timeoutMs: BOOT_MS });
    },

    /** Begins to count from 1. */
    beginToCount: (to?: Listener): Promise<string> => inside('sh', '-c', `(${counter((turns += 1), to)}) >/dev/null 2>&1 </dev/null &`),
    stopCounting: (): Promise<string> => inside('rm', '-f', '/run/counting'),

    /** From where it was, without a gap, and on. */
    async countsOn(from: number): Promise<void> {
      for (const file of ['/run/count', '/root/count'])
        await holds(
          async () => {
            const { whole, lines } = await counted(file);
            expect(whole).toBe(lines);
            expect(whole).toBeGreaterThan(from);
          },
          { timeoutMs: 60_000 },
        );
    },

    /** What a host's agent has written beside the instance. */
    migrationOn(member: string): { role?: string; phase?: string; near?: unknown; endpoint?: unknown } | undefined {
      const text = readIfThere(fileOn(member, 'migration.json'));
      return text === '' ? undefined : (JSON.parse(text) as object);
    },

    /** Words of QEMU's events on a host. */
    eventsOn(member: string): string[] {
      return [...readIfThere(fileOn(member, 'log/events.log')).matchAll(/"event":"(\w+)"/g)].map(([, event]) => event!);
    },

    /** Ends of guests' wires on a host. */
    async tapsOn(member: string): Promise<string[]> {
      const { stdout } = await execa('ip', ['-n', `${namespacePrefix(keyOf(of().dir))}${member}`, '-br', 'link', 'show', 'type', 'tun']);
      return stdout.split('\n').filter((line) => line.startsWith('tap'));
    },
  };
}
