/**
 * What the event store costs against bare INSERTs on the same server, in the same run.
 *
 *   npm run bench:event-store -- [--runs 30] [--seconds 0.4] [--url postgres://...]
 *
 * The bare INSERT is what a service writes that keeps a plain append-only event table: the same row into a table with the
 * same columns, types and indexes (primary key (stream, version) and the log's order (tx, position)), through the same
 * driver, one autocommitted named prepared statement per event that returns its place, one connection per writer (64
 * for 64 writers). It checks no command for a repeat and compares no version before it writes. The store does both, in
 * the same transaction: it also keeps the stream's version and the command's result.
 *
 * Both run in this process, on one thread. Both are warmed up until their code is compiled. Then they take turns in
 * short slices, and so does who goes first, because other work on the machine changes by the second: the ratio is the
 * median of the pairs' ratios, with the quartiles. Figures are medians with (min..max). The load is printed with them.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startNats, startPostgres } from '@weft/testing';
import { runBench } from '../run-bench';
import { appendRates } from './append';
import { visibility } from './visibility';
import { rebuildRate } from './rebuild';
import { median, quartiles, spread } from './figures';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '30' }, seconds: { type: 'string', default: '0.4' }, url: { type: 'string' } } });

async function main(): Promise<void> {
  const runs = Number(values.runs);
  const seconds = Number(values.seconds);
  const postgres = values.url ? undefined : await startPostgres({ settings: { shared_buffers: '256MB', max_connections: '200', max_wal_size: '4GB' } });
  const nats = await startNats();
  const url = values.url ?? postgres!.url;
  try {
    console.log(`append, ${runs} slices of ${seconds} s each, commands/s (synchronous_commit on; load ${loadavg()[0]!.toFixed(1)} on ${cpus().length} CPUs)`);
    for (const result of await appendRates(url, runs, seconds)) {
      const ratios = result.store.map((rate, run) => rate / result.bare[run]!);
      const [low, high] = quartiles(ratios);
      const ratio = `${median(ratios).toFixed(2)} (half of the pairs ${low.toFixed(2)}..${high.toFixed(2)})`;
      console.log(`  ${result.name.padEnd(24)} store ${spread(result.store)}   bare INSERT ${spread(result.bare)}   ratio ${ratio}`);
    }
    const seen = await visibility(url, nats.url, 500);
    console.log(`append to visible, ms    reply ${percentiles(seen.reply)}   consumer committed ${percentiles(seen.consumer)}`);
    const rebuilt = await rebuildRate(url, Math.min(runs, 9), 200_000);
    console.log(`rebuild, events/s        ${spread(rebuilt.rates)}   appends locked out ${spread(rebuilt.lockedMs)} ms   (load ${loadavg()[0]!.toFixed(1)})`);
  } finally {
    await Promise.all([postgres?.stop(), nats.stop()]);
  }
}

const percentiles = (sorted: readonly number[]): string => [0.5, 0.99].map((p) => `p${p * 100} ${sorted[Math.floor(sorted.length * p)]!.toFixed(1)}`).join(' ');

runBench(main);
