/**
 * `npm run bench:migration`: one guest's twin is moved by hand, by raw QEMU (the limit) and as LXD 5.0 does it, and the guest itself by
 * Weft; in turns, on one OVN with three hosts. See README.md for what is measured.
 */
import { cpSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { networkWorld } from '../../test/system/network-world';
import { type Platform, startPlatform } from '../../test/system/platform';
import { CounterWatch } from './counter-watch';
import { median, spread } from '../event-store/figures';
import { GuestByHand } from './guest-by-hand';
import { HostByHand, PORT } from './host-by-hand';
import { type Heard, PingWatch } from '../../test/system/ping-watch';
import { atEnd, runBench } from '../run-bench';
import { findGuest, launchWeftGuest, machineOf, startPaused, weftWay } from './weft-guest';
import type { Said, Way } from './way';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const INTERVAL_MS = Number(process.env.BENCH_PING_MS ?? 10);
const HWADDR = '00:16:3e:00:be:0c';
const ROOT = join(__dirname, '..', '..');
/** Before a move begins and after it has ended, what is normal is heard too. */
const LISTEN_MS = 1_000;

interface Move extends Said {
  totalMs: number;
  guestGapMs: number;
  /** From a guest on the source, on the target. */
  heard: Heard[];
}

async function measured(way: Way, pids: readonly number[]): Promise<Move> {
  await way.wake();
  const counter = new CounterWatch(way.consoles);
  const pings = pids.map((pid) => new PingWatch(pid, way.address, INTERVAL_MS));
  await sleep(LISTEN_MS);
  const since = performance.now();
  const moved = way.move().then((said) => ({ ...said, totalMs: performance.now() - since }));
  await moved.catch(() => undefined);
  await sleep(LISTEN_MS);
  const heard = await Promise.all(pings.map((ping) => ping.end()));
  const move = { ...(await moved), guestGapMs: counter.end(), heard };
  await way.rest();
  console.log(`${way.name.padEnd(6)} ${lineOf(move)}  load ${loadavg()[0]!.toFixed(1)}`);
  return move;
}

const whole = (ms: number): string => String(Math.round(ms));
const lineOf = ({ downtimeMs, guestGapMs, totalMs, memoryMs, heard }: Move): string =>
  `downtime ${whole(downtimeMs)}, gap ${whole(guestGapMs)}, total ${whole(totalMs)}, memory ${memoryMs === undefined ? '-' : whole(memoryMs)}; ` +
  heard.map(({ sent, lost, duplicates, silenceMs }) => `lost ${lost} of ${sent}, twice ${duplicates}, silence ${whole(silenceMs)}`).join('; ');

const FIGURES: [string, (move: Move) => number][] = [
  ['downtime as QEMU says it', ({ downtimeMs }) => downtimeMs],
  ['gap in the guest', ({ guestGapMs }) => guestGapMs],
  ['longest silence, either host', ({ heard }) => Math.max(...heard.map(({ silenceMs }) => silenceMs))],
  ['pings lost, both hosts', ({ heard }) => heard.reduce((sum, { lost }) => sum + lost, 0)],
  ['answered twice, both hosts', ({ heard }) => heard.reduce((sum, { duplicates }) => sum + duplicates, 0)],
  ['memory, as QEMU says it', ({ memoryMs }) => memoryMs ?? NaN],
  ['whole move', ({ totalMs }) => totalMs],
];

function report(names: readonly string[], moves: readonly Move[][]): void {
  console.log(`\nmedian (range) of ${ROUNDS} moves, ms; pings each ${INTERVAL_MS} ms; load ${loadavg()[0]!.toFixed(1)}`);
  console.log(`${''.padEnd(30)} ${names.map((name) => name.padStart(22)).join(' ')}   Weft/raw  LXD/Weft`);
  for (const [title, figure] of FIGURES) {
    const values = moves.map((of) => of.map(figure));
    const [raw, weft, lxd] = values.map(median) as [number, number, number];
    console.log(
      `${title.padEnd(30)} ${values.map((of) => spread(of).padStart(22)).join(' ')} ${(weft / raw).toFixed(2).padStart(10)} ${(lxd / weft).toFixed(1).padStart(9)}`,
    );
  }
}

/** A port of its own on the switch that the platform's guests are on, with what DHCP tells them. */
async function portByHand(weft: Platform, id: string, address: string): Promise<void> {
  const { nbctl } = networkWorld(() => weft);
  const ports = (await nbctl('--bare', '--columns=name', 'list', 'Logical_Switch_Port')).split('\n');
  const port = ports.find((name) => name.includes(id))!;
  const uuid = (await nbctl('get', 'Logical_Switch_Port', port, '_uuid')).trim();
  const logicalSwitch = (await nbctl('--bare', '--columns=name', 'find', 'Logical_Switch', `ports{>=}${uuid}`)).trim();
  const dhcp = (await nbctl('get', 'Logical_Switch_Port', port, 'dhcpv4_options')).trim();
  await nbctl('lsp-add', logicalSwitch, PORT, '--', 'lsp-set-addresses', PORT, `${HWADDR} ${address}`, '--', 'lsp-set-dhcpv4-options', PORT, dhcp);
}

async function compare(weft: Platform): Promise<void> {
  const world = networkWorld(() => weft);
  await launchWeftGuest(weft);
  for (const host of ['host1', 'host2']) await world.launch(`from-${host}`, '--target', host);
  const address = await world.addressOf('v1');
  const pids = await Promise.all(['from-host1', 'from-host2'].map(async (name) => (await world.state(name)).pid));
  const { id, dir } = await findGuest(weft);
  const machine = await machineOf(weft, HWADDR, 1442);
  const hosts = [new HostByHand(weft.dir, 'host1', machine), new HostByHand(weft.dir, 'host2', machine)] as const;
  const handAddress = address.replace(/\d+$/, '250');
  await portByHand(weft, id, handAddress);
  await weft.ok(['stop', 'v1']);
  for (const name of ['base.qcow2', 'disk.qcow2', 'nvram.fd', 'seed.img']) cpSync(join(dir, name), join(hosts[0].dir, name));
  const guest = new GuestByHand(hosts, handAddress, world.nbctl);
  try {
    await guest.begin();
    await guest.way('', () => guest.raw()).rest();
    await startPaused(weft);
    const ways = [guest.way('raw', () => guest.raw()), await weftWay(weft, address), guest.way('LXD', () => guest.lxd())];
    const moves: Move[][] = ways.map(() => []);
    for (let round = 0; round < ROUNDS; round += 1) for (const [index, way] of ways.entries()) moves[index]!.push(await measured(way, pids));
    report(
      ways.map(({ name }) => name),
      moves,
    );
  } finally {
    await guest.end();
  }
}

async function main(): Promise<void> {
  await execa('bash', [join(ROOT, 'tools/setup/packages.sh'), 'iputils-ping'], { stdio: 'inherit' });
  const weft = await startPlatform({ members: 3 });
  const stop = atEnd(() => weft.stop());
  try {
    await compare(weft);
  } finally {
    await stop();
  }
}

runBench(main);
