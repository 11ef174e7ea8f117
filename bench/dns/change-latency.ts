/** From the moment at which our zone has a change to the moment at which a secondary answers with its serial. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Notifier, parseName, TYPE } from '@weft/dns';
import { startSecondaries } from '../../libs/dns/src/testing/secondaries';
import { serve } from '../../libs/dns/src/testing/serve';
import { TestZone } from '../../libs/dns/src/testing/test-zone';
import { addressOf, BENCH_ZONE, hostLines } from './bench-zone';

const PAUSE_MS = 2;
const QUESTION = Buffer.concat([Buffer.from(parseName(BENCH_ZONE), 'latin1'), Buffer.from([0, TYPE.SOA, 0, 1])]);
const QUERY = Buffer.concat([Buffer.from([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), QUESTION]);

/** The serial of an answer with one SOA: twenty octets before the end of its data. */
const serialIn = (message: Buffer): number | undefined => {
  if (message.readUInt16BE(6) === 0) return undefined;
  const head = 12 + QUESTION.length + 2;
  return message.readUInt32BE(head + 10 + message.readUInt16BE(head + 8) - 20);
};

export const untilSerial = async (socket: Socket, port: number, serial: number): Promise<void> => {
  for (;;) {
    socket.send(QUERY, port, '127.0.0.1');
    const [message] = (await once(socket, 'message')) as [Buffer];
    if (serialIn(message) === serial) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
};

/** Milliseconds of each change, by secondary. */
export const changeLatency = async (changes: number): Promise<Map<string, number[]>> => {
  const zone = new TestZone(BENCH_ZONE, ['@ 300 NS ns1.bench.example.', 'ns1 300 A 127.0.0.1', ...hostLines(1000)]);
  const served = await serve([zone], { limits: { responsesPerSecond: 0 } });
  const secondaries = await startSecondaries({ zones: [BENCH_ZONE], primary: { address: '127.0.0.1', port: served.port } });
  const notifier = new Notifier({ report: () => undefined, sourceAddress: { ipv4: '127.0.0.1' } });
  const notify = secondaries.all.map(({ kind, port }) => ({ name: kind, address: '127.0.0.1', port }));
  const figures = new Map(secondaries.all.map(({ kind }) => [kind as string, [] as number[]]));
  const sockets = secondaries.all.map(() => createSocket('udp4').bind(0, '127.0.0.1'));
  try {
    await secondaries.haveSerial(BENCH_ZONE, 1);
    for (let change = 1; change <= changes; change++) {
      zone.change({ new: [`300 A ${addressOf(change)}`] });
      const now = { ...zone.served(), notify };
      const startMs = performance.now();
      served.source.put(now);
      notifier.announce(now);
      await Promise.all(
        secondaries.all.map(async ({ kind, port }, index) => {
          await untilSerial(sockets[index]!, port, now.content.soa.serial);
          figures.get(kind)!.push(performance.now() - startMs);
        }),
      );
    }
    return figures;
  } finally {
    for (const socket of sockets) socket.close();
    await notifier.close();
    await secondaries.stop();
    await served.close();
  }
};
