/** The same through the whole dns-svc over Postgres and NATS: from sending a command to a secondary that answers with its serial. */
import { createSocket } from 'node:dgram';
import { freePort } from '@weft/embedded';
import { startReplica, Surroundings } from '../../apps/dns-svc/src/testing/dns-under-test';
import { startSecondaries, type Secondaries } from '../../libs/dns/src/testing/secondaries';
import { timeAxfr } from './axfr-client';
import { addressOf, BENCH_ZONE } from './bench-zone';
import { untilSerial } from './change-latency';

const OWNERS = 1_000;
const RECORDS_OF_ONE = 100;
const AT_A_TIME = 16;

/** OWNERS * RECORDS_OF_ONE records by commands, AT_A_TIME under way. */
const fill = async (around: Surroundings): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let owner = next++; owner < OWNERS; owner = next++) {
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

/** Milliseconds of each change, by secondary. Says how long 100,000 records take to be there and to be transferred. */
export const serviceFigures = async (changes: number): Promise<Map<string, number[]>> => {
  const around = await Surroundings.start();
  const port = await freePort();
  const replica = await startReplica(around, `127.0.0.1:${port}`);
  const secondaries = await startSecondaries({ zones: [BENCH_ZONE], primary: { address: '127.0.0.1', port } });
  const sockets = secondaries.all.map(() => createSocket('udp4').bind(0, '127.0.0.1'));
  const figures = new Map(secondaries.all.map(({ kind }) => [kind as string, [] as number[]]));
  try {
    await around.send('zone.create', { name: BENCH_ZONE, description: '', config: { ...peersOf(secondaries), 'dns.nameservers': 'ns1.bench.example' } });
    const startMs = performance.now();
    await fill(around);
    console.log(`\ndns-svc: ${OWNERS * RECORDS_OF_ONE} records in ${OWNERS} commands, ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    await secondaries.haveSerial(BENCH_ZONE, OWNERS + 1, 120_000);
    console.log(`dns-svc: on all secondaries after ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    for (const which of ['first', 'next']) console.log(`dns-svc: ${which} AXFR ${(await timeAxfr(port, OWNERS * RECORDS_OF_ONE + 3)).toFixed(0)} ms`);
    for (let change = 1; change <= changes; change++) {
      const sentMs = performance.now();
      const entries = [{ type: 'A', ttl: 300, value: addressOf(change) }];
      await around.send('zone-record.create', { zone: BENCH_ZONE, name: `new${change}`, description: '', entries, config: {} });
      await Promise.all(
        secondaries.all.map(async ({ kind, port: at }, index) => {
          await untilSerial(sockets[index]!, at, OWNERS + 1 + change);
          figures.get(kind)!.push(performance.now() - sentMs);
        }),
      );
    }
    return figures;
  } finally {
    for (const socket of sockets) socket.close();
    await secondaries.stop();
    await replica.close();
    await around.stop();
  }
};
