/**
 * `npm run bench:api`: Weft against LXD 5.0.2 from Debian in one run, over the unix socket and over TLS. Prints both
 * values and their ratio (above 1: Weft is better) for each row, medians of BENCH_ROUNDS rounds of BENCH_SECONDS.
 * Arguments are parts to measure (`server profiles events small large`; `large` only after `small`); all when none is named.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { runBench } from '../run-bench';
import { startLxd } from './lxd-peer';
import { memoryMiB, type Target } from './target';
import { startWeft } from './weft-target';

interface Row {
  metric: string;
  transport: string;
  clients: number;
  value: number;
  unit: string;
}

const ROOT = join(__dirname, '..', '..');

const key = (row: Row): string => [row.metric, row.transport, row.clients, row.unit].join('|');

async function measure(start: () => Promise<Target>): Promise<{ name: string; rows: Map<string, Row> }> {
  const target = await start();
  try {
    console.log(`measuring ${target.name}`);
    const rows: Row[] = [{ metric: 'memory idle', transport: '', clients: 0, value: memoryMiB(target.processes()), unit: 'MiB' }];
    const enter = target.namespaceOf ? ['nsenter', `--net=/proc/${target.namespaceOf}/ns/net`] : ['env'];
    const [command = '', ...rest] = [
      ...enter,
      process.execPath,
      '-r',
      join(ROOT, 'libs/testing/source-hook.cjs'),
      join(__dirname, 'worker.ts'),
      ...process.argv.slice(2),
    ];
    const worker = execa(command, rest, { env: { BENCH_ENDPOINT: JSON.stringify(target.endpoint) }, stderr: 'inherit' });
    for await (const line of worker) {
      const row = JSON.parse(line) as Row;
      console.log(`  ${row.metric} ${row.transport} c=${row.clients}: ${row.value.toFixed(2)} ${row.unit}`);
      rows.push(row);
    }
    rows.push({ metric: 'memory after load', transport: '', clients: 0, value: memoryMiB(target.processes()), unit: 'MiB' });
    return { name: target.name, rows: new Map(rows.map((row) => [key(row), row])) };
  } finally {
    await target.stop();
  }
}

async function main(): Promise<void> {
  const peer = await measure(startLxd);
  // LXD has no network either.
  const weft = await measure(() => startWeft({ networks: false }));
  console.log(`\n${'metric'.padEnd(34)} ${'by'.padEnd(6)} ${'n'.padStart(3)} ${peer.name.padStart(16)} ${weft.name.padStart(12)}   ratio`);
  for (const [id, row] of weft.rows) {
    const other = peer.rows.get(id);
    if (!other) continue;
    const lessIsBetter = row.unit === 'ms' || row.unit === 'MiB';
    const ratio = lessIsBetter ? other.value / row.value : row.value / other.value;
    console.log(
      `${row.metric.padEnd(34)} ${row.transport.padEnd(6)} ${String(row.clients || '').padStart(3)} ${other.value.toFixed(2).padStart(16)} ${row.value.toFixed(2).padStart(12)} ${ratio.toFixed(2).padStart(7)}x  ${row.unit}`,
    );
  }
}

runBench(main);
