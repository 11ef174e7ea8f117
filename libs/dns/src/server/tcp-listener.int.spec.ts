import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '@weft/testing';
import { parseName } from '../names/name';
import { serve, type ServedForTest } from '../testing/serve';
import { soaOf, TestZone } from '../testing/test-zone';
import { ZoneContent } from '../zone/zone-content';
import type { Rdata } from '../zone/zone-record';
import type { DnsServerOptions } from './dns-server';

const query = (name: string, type: number, id = 1): Buffer => {
  const message = Buffer.concat([Buffer.from([0, id, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from(parseName(name), 'latin1'), Buffer.from([0, type, 0, 1])]);
  return Buffer.concat([Buffer.from([0, message.length]), message]);
};
const AXFR = 252;
const SLOW_READERS = 5;
const APEX = parseName('lab.example');

describe('TCP', () => {
  let served: ServedForTest;
  const sockets: Socket[] = [];

  const start = async (limits: DnsServerOptions['limits'], records = 10): Promise<void> => {
    served = await serve(
      [
        new TestZone(
          'lab.example',
          Array.from({ length: records }, (_, index) => `h${index} 60 A 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`),
        ),
      ],
      { limits },
    );
  };
  const open = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port: served.port });
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  /** A reset is a cut too: what is written behind one is answered so. */
  const closed = (socket: Socket): Promise<unknown> =>
    new Promise((resolve) => {
      socket
        .resume()
        .on('error', () => undefined)
        .once('close', resolve);
    });
  /** Ids of the answers, in their order. */
  const answers = (socket: Socket, count: number): Promise<number[]> => {
    let pending: Buffer = Buffer.alloc(0);
    const ids: number[] = [];
    return new Promise((resolve) =>
      socket.on('data', (chunk) => {
        pending = Buffer.concat([pending, chunk]);
        for (let end: number; pending.length > 3 && pending.length >= (end = 2 + pending.readUInt16BE(0)); pending = pending.subarray(end))
          ids.push(pending.readUInt16BE(2));
        if (ids.length >= count) resolve(ids);
      }),
    );
  };

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await served.close();
  });

  it('answers requests that come together, in pieces, and after the client has closed its side', async () => {
    await start({});
    const socket = await open();
    const together = Buffer.concat([1, 2, 3, 4, 5].map((id) => query(`h${id}.lab.example`, 1, id)));
    const received = answers(socket, 5);
    socket.setNoDelay(true);
    for (const octet of together.subarray(0, 40)) socket.write(Buffer.from([octet]));
    socket.end(together.subarray(40));
    expect(await received).toEqual([1, 2, 3, 4, 5]);
    await closed(socket);
  });

  it('cuts off who asks nothing, who does not finish a request, and who sends no request', async () => {
    await start({ tcpIdleMs: 300, tcpRequestMs: 300 });
    const idle = await open();
    const half = await open();
    const drop = setInterval(() => half.write(Buffer.from([0])), 100);
    half.write(Buffer.from([1, 0]));
    const answerer = await open();
    const answer = query('lab.example', 6);
    answer[4] = 0x80;
    answerer.write(answer);
    await Promise.all([closed(idle), closed(half), closed(answerer)]);
    clearInterval(drop);
    await eventually(() => served.server.counters.tcpConnections === 0);
  });

  it('makes no more of a transfer than its slow reader takes, cuts it off in the end, and serves others meanwhile', async () => {
    await start({ tcpDrainMs: 1_000 });
    // 40 MB of one long record under many names: more than the buffers of two sockets hold, and 200 MB for all readers.
    const rdata = 'x'.repeat(10_000) as Rdata;
    const records = Array.from({ length: 4_000 }, (_, index) => ({ owner: parseName(`t${index}`, APEX), type: 65_280, ttlSeconds: 60, rdata }));
    const content = ZoneContent.build({ apex: APEX, soa: soaOf(APEX, 1), records });
    served.source.put({ ...new TestZone('lab.example', []).served(), content });
    const before = process.memoryUsage().arrayBuffers;
    const slow = await Promise.all(Array.from({ length: SLOW_READERS }, open));
    for (const socket of slow) {
      socket.pause();
      socket.write(query('lab.example', AXFR));
    }
    const other = await open();
    const received = answers(other, 1);
    other.write(query('lab.example', 6, 9));
    expect(await received).toEqual([9]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
    const brokenOff = () => served.reports.filter((report) => report.kind === 'transfer' && report.outcome === 'broken-off').length;
    await eventually(() => brokenOff() === SLOW_READERS, { timeoutMs: 30_000 });
    expect(served.server.counters.tcpConnections).toBe(1);
  });

  it('takes so many connections, of all and of one address, and says which it refused', async () => {
    await start({ tcpConnectionsPerAddress: 2 });
    const [first] = [await open(), await open()];
    await closed(await open());
    expect(served.reports).toEqual([expect.objectContaining({ kind: 'refused', reason: 'too-many-connections', clientAddress: '127.0.0.1' })]);
    first!.destroy();
    await eventually(() => served.server.counters.tcpConnections === 1);
    const again = await open();
    const received = answers(again, 1);
    again.write(query('h1.lab.example', 1, 3));
    expect(await received).toEqual([3]);
  });
});
