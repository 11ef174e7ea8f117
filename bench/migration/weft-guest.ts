/** Weft's own way, as a user asks for it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@weft/embedded';
import type { Platform } from '../../test/system/platform';
import { COUNTER } from './counter-watch';
import type { Machine } from './host-by-hand';
import type { Said, Way } from './way';

const NAME = 'v1';
const SETTLE_MS = 3_000;
const HOSTS = ['host1', 'host2'] as const;

interface Found {
  id: string;
  member: string;
  dir: string;
}

const hasBooted = (weft: Platform): Promise<boolean> =>
  eventually(async () => (await weft.lxc(['exec', NAME, '--', 'true'])).exitCode === 0, { timeoutMs: 180_000, what: 'the guest' });

export async function launchWeftGuest(weft: Platform): Promise<void> {
  await weft.ok(['launch', 'tiny-vm', NAME, '--vm', '--target', HOSTS[0], '-c', 'limits.memory=256MiB', '-c', 'migration.stateful=true'], {
    timeoutMs: 300_000,
  });
  await hasBooted(weft);
}

/** Starts the stopped guest, lets it count, and pauses it. */
export async function startPaused(weft: Platform): Promise<void> {
  await weft.ok(['start', NAME]);
  await hasBooted(weft);
  await weft.ok(['exec', NAME, '--', 'sh', '-c', `(${COUNTER}) >/dev/null 2>&1 </dev/null &`]);
  await weft.ok(['pause', NAME]);
}

export async function findGuest(weft: Platform): Promise<Found> {
  const { location: member } = await weft.query<{ location: string }>(`/1.0/instances/${NAME}`);
  const instances = join(weft.dir, 'members', member, 'instances');
  const nameOf = (id: string) => (JSON.parse(readFileSync(join(instances, id, 'spec.json'), 'utf8')) as { name: string }).name;
  const id = readdirSync(instances).find((one) => nameOf(one) === NAME)!;
  return { id, member, dir: join(instances, id) };
}

/** What its QEMU was started with, for a twin. */
export async function machineOf(weft: Platform, hwaddr: string, mtu: number): Promise<Machine> {
  const { dir } = await findGuest(weft);
  const pid = readFileSync(join(dir, 'qemu.pid'), 'utf8').trim();
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  return { line: words.slice(words.indexOf('-nodefaults')), lineDir: dir, hwaddr, mtu };
}

export async function weftWay(weft: Platform, address: string): Promise<Way> {
  const { id } = await findGuest(weft);
  return {
    name: 'Weft',
    address,
    consoles: HOSTS.map((member) => join(weft.dir, 'members', member, 'instances', id, 'log', 'console.log')),
    wake: () => wake(weft),
    rest: async () => void (await weft.ok(['pause', NAME])),
    move: () => move(weft),
  };
}

/** What its host said a moment before may still be taken for news (status), and a move be refused for it. */
async function wake(weft: Platform): Promise<void> {
  await weft.ok(['start', NAME]);
  await sleep(SETTLE_MS);
  const runs = async () => (await weft.query<{ status: string }>(`/1.0/instances/${NAME}`)).status === 'Running';
  await eventually(runs, { timeoutMs: 30_000, what: 'the guest to run' });
}

async function move(weft: Platform): Promise<Said> {
  const { member } = await findGuest(weft);
  const target = HOSTS.find((one) => one !== member)!;
  // What `lxc move v1 --target ...` sends; `--wait` shows the operation as it has ended.
  const body = JSON.stringify({ name: NAME, migration: true, live: true });
  const ended = await weft.ok(['query', '--wait', '-X', 'POST', '-d', body, `/1.0/instances/${NAME}?target=${target}`], { timeoutMs: 300_000 });
  const { status, err, metadata } = JSON.parse(ended) as { status: string; err: string; metadata: Record<string, string> };
  if (status !== 'Success') throw new Error(`Weft: ${err}`);
  return { downtimeMs: Number(metadata.downtime_ms), memoryMs: Number(metadata.memory_copy_ms) };
}
