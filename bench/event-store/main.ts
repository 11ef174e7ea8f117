/**
 * What the event store costs against bare INSERTs on the same server, in the same run.
 *
 *   node -r ./libs/event-store/src/testing/from-source.cjs bench/event-store/main.ts [--runs 9] [--seconds 1] [--url postgres://...]
 *
 * The bare INSERT writes an event row of the same shape into a table with the same indexes, one autocommitted prepared
 * statement each, one connection per writer. The store also keeps the stream's version, the command log and the
 * command's result. Peers alternate within every run; figures are medians over the runs with (min..max), the ratio is
 * the median of the runs' ratios.
 */
import { parseArgs } from 'node:util';
import { startNats, startPostgres } from '@weft/testing';
import { appendRates } from './append';
import { visibility } from './visibility';
import { rebuildRate } from './rebuild';
import { median, spread } from './figures';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '9' }, seconds: { type: 'string', default: '1' }, url: { type: 'string' } } });

async function main(): Promise<void> {
  const runs = Number(values.runs);
  const seconds = Number(values.seconds);
  const postgres = values.url ? undefined : await startPostgres({ settings: { shared_buffers: '256MB', max_connections: '200', max_wal_size: '4GB' } });
  const nats = await startNats();
  const url = values.url ?? postgres!.url;
  try {
    console.log(`append, ${runs} runs of ${seconds} s each, commands/s (synchronous_commit on)`);
    for (const result of await appendRates(url, runs, seconds)) {
      console.log(
        `  ${result.name.padEnd(24)} store ${spread(result.store)}   bare INSERT ${spread(result.bare)}   ratio ${median(result.store.map((rate, run) => rate / result.bare[run]!)).toFixed(2)}`,
      );
    }
    const seen = await visibility(url, nats.url, 500);
    console.log(`append to visible, ms    reply ${percentiles(seen.reply)}   consumer committed ${percentiles(seen.consumer)}`);
    const rebuilt = await rebuildRate(url, runs, 200_000);
    console.log(`rebuild, events/s        ${spread(rebuilt.rates)}   appends locked out ${spread(rebuilt.lockedMs)} ms`);
  } finally {
    await Promise.all([postgres?.stop(), nats.stop()]);
  }
}

const percentiles = (sorted: readonly number[]): string => [0.5, 0.99].map((p) => `p${p * 100} ${sorted[Math.floor(sorted.length * p)]!.toFixed(1)}`).join(' ');

void main();
