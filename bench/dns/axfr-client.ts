import { connect } from 'node:net';
import { lengthOf, takeFrame } from '@weft/dns';
import { BENCH_ZONE } from './bench-zone';

/** One AXFR, taken as fast as it comes and not looked into; milliseconds until the last record is here. */
export const timeAxfr = (port: number, records: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const labels = BENCH_ZONE.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
    const query = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 252, 0, 1])]);
    const startMs = performance.now();
    let pending: Buffer = Buffer.alloc(0);
    let seen = 0;
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(Buffer.concat([lengthOf(query), query])));
    socket.on('error', reject).on('close', () => reject(new Error(`the transfer ended after ${seen} records`)));
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let frame = takeFrame(pending); frame; frame = takeFrame(pending)) {
        pending = frame.rest;
        seen += frame.message.readUInt16BE(6);
      }
      if (seen < records) return;
      resolve(performance.now() - startMs);
      socket.destroy();
    });
  });
