/** The same through the whole dns-svc over Postgres and NATS: from sending a command to a secondary that answers with its serial. */
import { createSocket } from 'node:dgram';
import { freePort } from '@weft/embedded';
import { startReplica, Surroundings } from '../../apps/dns-svc/src/testing/dns-under-test';
import { startSecondaries, type Secondaries } from '../../libs/dns/src/testing/secondaries';
import { timeAxfr } from './axfr-client';
import { addressOf, BENCH_ZONE } from './bench-zone';
import { untilSerial } from './change-latency';

type Figures = Map<string, number[]>;

const SMALL_OWNERS = 10;
const OWNERS = 1_000;
const RECORDS_OF_ONE = 100;
const AT_A_TIME = 16;

/** RECORDS_OF_ONE records for each of the owners `from` to `to`, by commands, AT_A_TIME under way. */
const fill = async (around: Surroundings, from: number, to: number): Promise<void> => {
  let next = from;
  const worker = async (): Promise<void> => {
    for (let owner = next++; owner < to; owner = next++) {
      const entries = Array.from({ length: RECORDS_OF_ONE }, (_, index) => ({ type: 'A', ttl: 300, value: addressOf(owner * RECORDS_OF_ONE + index) }));
      await around.send('zone-record.create', { zone: BENCH_ZONE, name: `host${owner}`, description: '', entries, config: {} });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
};

const peersOf = ({ all }: Secondaries): Record<string, string> =>
  Object.fromEntries(
    all.flatMap(({ kind, port }) => [
      [`peers.${kind}.address`, '127.0.0.1'],
      [`peers.${kind}.port`, String(port)],
    ]),
  );

/** Milliseconds from sending each command to its reply, and to each secondary's answer. @param serial that all have now */
const latencies = async (around: Surroundings, secondaries: Secondaries, changes: number, serial: number): Promise<Figures> => {
  const sockets = secondaries.all.map(() => createSocket('udp4').bind(0, '127.0.0.1'));
  const figures: Figures = new Map([['reply', []], ...secondaries.all.map(({ kind }): [string, number[]] => [kind, []])]);
  for (let change = 1; change <= changes; change++) {
    const sentMs = performance.now();
    const entries = [{ type: 'A', ttl: 300, value: addressOf(change) }];
    await around.send('zone-record.create', { zone: BENCH_ZONE, name: `new${serial + change}`, description: '', entries, config: {} });
    figures.get('reply')!.push(performance.now() - sentMs);
    await Promise.all(
      secondaries.all.map(async ({ kind, port }, index) => {
        await untilSerial(sockets[index]!, port, serial + change);
        figures.get(kind)!.push(performance.now() - sentMs);
      }),
    );
  }
  for (const socket of sockets) socket.close();
  return figures;
};

/** Latencies of a zone of 1,000 records and of one of 100,000; says how long the 100,000 take to be there and to be transferred. */
export const serviceFigures = async (changes: number): Promise<{ small: Figures; large: Figures }> => {
  const around = await Surroundings.start();
  const port = await freePort();
  const replica = await startReplica(around, `127.0.0.1:${port}`);
  const secondaries = await startSecondaries({ zones: [BENCH_ZONE], primary: { address: '127.0.0.1', port } });
  try {
    await around.send('zone.create', { name: BENCH_ZONE, description: '', config: { ...peersOf(secondaries), 'dns.nameservers': 'ns1.bench.example' } });
    await fill(around, 0, SMALL_OWNERS);
    await secondaries.haveSerial(BENCH_ZONE, SMALL_OWNERS + 1);
    const small = await latencies(around, secondaries, changes, SMALL_OWNERS + 1);
    const startMs = performance.now();
    const seconds = (): string => ((performance.now() - startMs) / 1000).toFixed(1);
    await fill(around, SMALL_OWNERS, OWNERS);
    console.log(`\ndns-svc: ${OWNERS * RECORDS_OF_ONE} records in ${OWNERS} commands, ${seconds()} s`);
    await secondaries.haveSerial(BENCH_ZONE, OWNERS + changes + 1, 120_000);
    console.log(`dns-svc: on all secondaries after ${seconds()} s`);
    for (const which of ['first', 'next']) console.log(`dns-svc: ${which} AXFR ${(await timeAxfr(port, OWNERS * RECORDS_OF_ONE + changes + 3)).toFixed(0)} ms`);
    return { small, large: await latencies(around, secondaries, changes, OWNERS + changes + 1) };
  } finally {
    await secondaries.stop();
    await replica.close();
    await around.stop();
  }
};
