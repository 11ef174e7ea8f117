import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { eventually } from '@weft/testing';
import { parseName } from '../names/name';
import { TestZone } from '../testing/test-zone';
import { Notifier, type NotifierOptions, type NotifyReport } from './notifier';

const KEY = { name: parseName('lab.example_ns1'), secret: Buffer.from('secret') };

interface Received {
  readonly message: Buffer;
  readonly from: RemoteInfo;
}

describe('a notifier', () => {
  let secondary: Socket;
  let notifier: Notifier;
  const received: Received[] = [];
  const reports: NotifyReport[] = [];
  /** What the secondary says to the n-th message: nothing, or an rcode. */
  let answerTo: (count: number) => number | undefined = () => 0;

  beforeEach(async () => {
    received.length = reports.length = 0;
    secondary = createSocket('udp4').bind(0, '127.0.0.1');
    secondary.on('message', (message, from) => {
      received.push({ message, from });
      const rcode = answerTo(received.length);
      if (rcode === undefined) return;
      const answer = Buffer.from(message.subarray(0, 12));
      answer.writeUInt16BE(0xa000 | rcode, 2);
      answer.fill(0, 4);
      secondary.send(answer, from.port, from.address);
    });
    await once(secondary, 'listening');
  });

  afterEach(async () => {
    await notifier.close();
    secondary.close();
  });

  const zone = new TestZone('lab.example', []);
  const start = (options: Partial<NotifierOptions> = {}): void => {
    notifier = new Notifier({ report: (report) => reports.push(report), firstTimeoutMs: 50, ...options });
  };
  const announce = (key?: typeof KEY): void =>
    notifier.announce({ content: zone.current, notify: [{ name: 'ns1', address: '127.0.0.1', port: secondary.address().port, key }] });

  it('tells a secondary the serial and takes its answer', async () => {
    answerTo = () => 0;
    start({ sourceAddress: { ipv4: '127.0.0.2' }, firstTimeoutMs: 10_000 });
    announce();
    await eventually(() => reports.length === 1);
    expect(reports[0]).toMatchObject({ outcome: 'acknowledged', serial: 1, attempts: 1 });
    expect(received[0]!.from.address).toBe('127.0.0.2');
  });

  it('asks again, more and more slowly, until there is an answer, and while the secondary only starts', async () => {
    answerTo = (count) => [undefined, undefined, 2, 0][count - 1];
    start();
    announce();
    await eventually(() => reports.length === 1);
    expect(reports[0]).toMatchObject({ outcome: 'acknowledged' });
    expect(reports[0]!.attempts).toBeGreaterThanOrEqual(4);
    expect(reports[0]!.durationMs).toBeGreaterThan(50 + 100 + 200 - 20);
  });

  it('gives up in the end, and says so; and at once when it is refused', async () => {
    answerTo = () => undefined;
    start({ attempts: 2 });
    announce();
    await eventually(() => reports.length === 1);
    expect(reports[0]).toMatchObject({ outcome: 'unanswered', attempts: 2 });
    answerTo = () => 9;
    announce();
    await eventually(() => reports.length === 2);
    expect(reports[1]).toMatchObject({ outcome: 'refused', rcode: 9 });
  });

  it('tells only the newest serial of a zone that changes quickly', async () => {
    answerTo = () => 0;
    start({ minIntervalMs: 500, firstTimeoutMs: 60_000 });
    for (let serial = 2; serial <= 101; serial++) {
      zone.change({ a: [`60 A 10.0.0.${serial}`] });
      announce();
    }
    await eventually(() => reports.some((report) => report.serial === 101 && report.outcome === 'acknowledged'));
    expect(received.length).toBeLessThanOrEqual(3);
  });

  it('believes no unsigned acknowledgement where it signs', async () => {
    answerTo = () => 0;
    start({ attempts: 2 });
    announce(KEY);
    await eventually(() => reports.length === 1);
    expect(reports[0]).toMatchObject({ outcome: 'unanswered' });
    expect(received).toHaveLength(2);
  });
});
