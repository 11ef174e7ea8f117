/**
 * `npm run bench:network`: Weft against LXD 5.0.2 from Debian in one run, on the same northbound and southbound database and the
 * same ovn-northd. Each operation is done BENCH_ROUNDS times by each in turn; medians, and the ratio (above 1: Weft is faster).
 * `answered` is when the request's answer is there (of an operation: its end). `in effect` is when every host has the flows besides:
 * `ovn-nbctl --wait=hv sync` right behind it, by the bench, for both alike. Transactions are those in the log of the northbound database, whoever made them; commands are the times that LXD ran ovn-nbctl,
 * counted in a round that is not timed.
 */
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { startWeft } from '../api/weft-target';
import { median, spread } from '../event-store/figures';
import { runBench } from '../run-bench';
import { type LxdOnOvn, LXD_UPLINK, startLxdOnOvn } from './lxd-on-ovn';
import { NorthboundLog } from './northbound-log';
import { type Operation, OPERATIONS, PORTS, prepare, type Side } from './operations';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const WEFT_PORT = 18_446;
const ROOT = join(__dirname, '..', '..');

interface Figures {
  answered: number[];
  inEffect: number[];
  transactions: number[];
}

/** The databases that both write to. */
interface Databases {
  log: NorthboundLog;
  /** Returns when every host has the flows of what has been written. */
  sync(): Promise<unknown>;
}

const once = async (operation: Operation, side: Side, round: number, { log, sync }: Databases, figures: Figures): Promise<void> => {
  await operation.before?.(side, round);
  await sync();
  const mark = log.mark();
  const since = performance.now();
  await operation.run(side, round);
  figures.answered.push(performance.now() - since);
  figures.transactions.push(log.changesSince(mark));
  await sync();
  figures.inEffect.push(performance.now() - since);
  await operation.after?.(side, round);
};

const countCommands = async (operation: Operation, side: Side, lxd: LxdOnOvn): Promise<number> => {
  await operation.before?.(side, ROUNDS);
  const commands = await lxd.countCommands(() => operation.run(side, ROUNDS));
  await operation.after?.(side, ROUNDS);
  return commands;
};

const compared = (name: string, peer: readonly number[], own: readonly number[], counted = ''): void => {
  const ratio = median(peer) / median(own);
  console.log(`${name.padEnd(48)} ${spread(peer).padStart(18)} ${spread(own).padStart(18)} ${ratio.toFixed(1).padStart(6)}x ${counted}`);
};

const measure = async (operation: Operation, sides: readonly [Side, Side], lxd: LxdOnOvn, databases: Databases): Promise<void> => {
  const figures = sides.map((): Figures => ({ answered: [], inEffect: [], transactions: [] }));
  for (let round = 0; round < ROUNDS; round++) for (const [index, side] of sides.entries()) await once(operation, side, round, databases, figures[index]!);
  const [peer, own] = figures as [Figures, Figures];
  const commands = await countCommands(operation, sides[0], lxd);
  const counted = `${String(commands).padStart(8)} ${String(median(peer.transactions)).padStart(4)} ${String(median(own.transactions)).padStart(4)}`;
  compared(`${operation.name}, answered`, peer.answered, own.answered, counted);
  compared(`${operation.name}, in effect`, peer.inEffect, own.inEffect);
};

const main = async (): Promise<void> => {
  await execa('bash', [join(ROOT, 'tools/setup/packages.sh'), 'lxd', 'rsync', 'dnsmasq-base'], { stdio: 'inherit' });
  const weft = await startWeft({ httpsPort: WEFT_PORT });
  try {
    const dir = dirname(weft.endpoint.socketPath);
    const lxd = await startLxdOnOvn(join(dir, 'run', 'ovn'));
    try {
      const sides: [Side, Side] = [
        { name: lxd.name, endpoint: lxd.endpoint, uplink: LXD_UPLINK, second: 60 },
        { name: weft.name, endpoint: weft.endpoint, uplink: 'UPLINK', second: 61 },
      ];
      for (const side of sides) {
        const since = performance.now();
        await prepare(side);
        console.log(`${side.name}: ${PORTS} containers in ${((performance.now() - since) / 1_000).toFixed(0)} s`);
      }
      const log = new NorthboundLog(join(dir, 'ovn', 'ovn-nb.db'));
      const sync = () => execa('ovn-nbctl', [`--db=unix:${join(dir, 'run', 'ovn', 'nb.sock')}`, '--wait=hv', '--timeout=60', 'sync']);
      console.log(`\nmedian (range) of ${ROUNDS}, ms; load ${loadavg()[0]!.toFixed(1)}; changes of the northbound database by each`);
      console.log(`${''.padEnd(48)} ${lxd.name.padStart(18)} ${weft.name.padStart(18)} ${'ratio'.padStart(7)} commands  LXD Weft`);
      const wanted = OPERATIONS.filter(({ name }) => name.includes(process.env.BENCH_ONLY ?? ''));
      for (const operation of wanted) await measure(operation, sides, lxd, { log, sync });
    } finally {
      await lxd.stop();
    }
  } finally {
    await weft.stop();
  }
};

runBench(main);
