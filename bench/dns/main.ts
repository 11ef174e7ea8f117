/**
 * `npm run bench:dns`: @weft/dns against LXD 5.0.2 (AXFR of 1,000 records), and against Knot and NSD with one worker each
 * (AXFR of 100,000 records, queries a second), and how soon a change is on four secondaries. Ratios above 1: Weft is better.
 * The servers take turns in each round, so that a noisy machine is noisy for all.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { median, spread } from '../event-store/figures';
import { runBench } from '../run-bench';
import { timeAxfr } from './axfr-client';
import { BENCH_ZONE } from './bench-zone';
import { changeLatency } from './change-latency';
import { digAxfr, startLxdZone } from './lxd-axfr';
import { serviceFigures } from './service-figures';
import { type Primary, startPeer, startWeft } from './primaries';

const LARGE = 100_000;
const SMALL = 1_000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3);
const CHANGES = 40;

type Figures = Map<string, number[]>;

const report = (title: string, unit: string, figures: Figures, moreIsBetter: boolean): void => {
  const own = median(figures.get('Weft')!);
  console.log(`\n${title} (${unit}; load ${loadavg()[0]!.toFixed(1)})`);
  for (const [name, values] of figures) {
    const ratio = moreIsBetter ? own / median(values) : median(values) / own;
    console.log(`  ${name.padEnd(10)} ${spread(values).padStart(26)}${name === 'Weft' ? '' : `   ratio ${ratio.toFixed(2)}`}`);
  }
};

/** Each server in its turn, round after round. */
const rounds = async (servers: readonly Primary[], measure: (server: Primary) => Promise<number>, count = ROUNDS): Promise<Figures> => {
  const figures: Figures = new Map(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < count; round++) for (const server of servers) figures.get(server.name)!.push(await measure(server));
  return figures;
};

const queriesPerSecond = async (port: number, queryFile: string): Promise<number> => {
  const args = ['-s', '127.0.0.1', '-p', String(port), '-d', queryFile, '-l', String(SECONDS), '-c', '4', '-T', '1', '-q', '100'];
  const { stdout } = await execa('dnsperf', args);
  return Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]);
};

const against = async (): Promise<void> => {
  const directory = mkdtempSync('/var/tmp/weft-bench-dns-');
  const queryFile = join(directory, 'queries');
  writeFileSync(queryFile, Array.from({ length: 20_000 }, (_, index) => `host${(index * 7919) % LARGE}.${BENCH_ZONE} A`).join('\n'));
  const servers: Primary[] = [];
  try {
    servers.push(await startPeer('Knot', LARGE), await startPeer('NSD', LARGE), await startWeft(LARGE));
    const axfr = ({ port }: Primary): Promise<number> => timeAxfr(port, LARGE + 4);
    const changed = async (server: Primary): Promise<number> => {
      await server.change?.();
      return axfr(server);
    };
    report(`AXFR of ${LARGE} records, the first of a process`, 'ms', await rounds(servers, axfr, 1), false);
    report(`AXFR of ${LARGE} records, the first of a serial (of Weft)`, 'ms', await rounds(servers, changed), false);
    report(`AXFR of ${LARGE} records, those that follow`, 'ms', await rounds(servers, axfr), false);
    report('queries, one worker', '1/s', await rounds(servers, ({ port }) => queriesPerSecond(port, queryFile)), true);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(directory, { recursive: true });
  }
};

/** The first transfer of each is not counted: servers run for longer than that. */
const againstLxd = async (): Promise<void> => {
  const weft = await startWeft(SMALL);
  const lxd = await startLxdZone(SMALL);
  try {
    const axfr: [string, () => Promise<number>][] = [
      ['LXD', () => lxd.axfr()],
      ['Weft', () => digAxfr(weft.port)],
    ];
    const figures: Figures = new Map(axfr.map(([name]) => [name, []]));
    for (const [, transfer] of axfr) await transfer();
    for (let round = 0; round < 2 * ROUNDS; round++) for (const [name, transfer] of axfr) figures.get(name)!.push(await transfer());
    report(`AXFR of ${SMALL} records, by dig`, 'ms', figures, false);
  } finally {
    await lxd.stop();
    await weft.stop();
  }
};

const reportChanges = (where: string, figures: Figures): void => {
  console.log(`\nchange to secondary, ${where} (ms, median and range of ${CHANGES} changes; load ${loadavg()[0]!.toFixed(1)})`);
  for (const [name, values] of figures) console.log(`  ${name.padEnd(10)} ${spread(values).padStart(26)}`);
};

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  servers: against,
  lxd: againstLxd,
  changes: async () => reportChanges('from memory', await changeLatency(CHANGES)),
  service: async () => {
    const { small, large } = await serviceFigures(CHANGES);
    reportChanges('from the command to dns-svc, zone of 1,000 records', small);
    reportChanges('the same, zone of 100,000 records', large);
  },
};

/** The parts that the command line names; all without. */
const main = async (): Promise<void> => {
  const wanted = process.argv.slice(2);
  for (const [name, run] of Object.entries(PARTS)) if (wanted.length === 0 || wanted.includes(name)) await run();
};

runBench(main);
