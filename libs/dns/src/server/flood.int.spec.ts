/** Floods over real sockets: who asks too much is slowed down, nobody else notices, and nothing stays behind. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually, scratchDir } from '@weft/testing';
import { serve, type ServedForTest, tool } from '../testing/serve';
import { TestZone } from '../testing/test-zone';

/** Networks of their own (/24), all on this machine. */
const FLOODER = '127.0.66.1';
const OTHER = '127.0.77.1';
const PER_SECOND = 100;
const FLOOD_SECONDS = 3;
const QUESTIONS = 20;
/** What an engine may keep of its own accord, bytes: far below what a flood of this size would leave. */
const NOISE_BYTES = 8 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heldBytes = (): number => {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

let served: ServedForTest;
let scratch: { path: string; remove(): Promise<void> };
let names: string;

beforeAll(async () => {
  const limits = { responsesPerSecond: PER_SECOND, tcpConnectionsPerAddress: 16, tcpIdleMs: 1_000 };
  served = await serve([new TestZone('lab.example', ['www 60 A 192.0.2.1'])], { limits });
  scratch = await scratchDir();
  names = join(scratch.path, 'names');
  // One that is there, and very many that are not: an answer about each is an answer of the same kind.
  writeFileSync(names, Array.from({ length: 50_000 }, (_, index) => (index % 2 ? `n${index}.lab.example A` : 'www.lab.example A')).join('\n'));
});
afterAll(async () => {
  await served.close();
  await scratch.remove();
});

/** Forty times what is allowed, whether it is answered or not: a busy machine still reads so many. Answers that came. */
async function flood(): Promise<number> {
  const rate = ['-l', String(FLOOD_SECONDS), '-Q', '4000', '-q', '2000', '-t', '0.05', '-c', '4', '-T', '1'];
  const args = ['-s', '127.0.0.1', '-p', String(served.port), '-a', FLOODER, '-d', names, ...rate];
  // It writes a line for each question that is not answered.
  const { stdout } = await promisify(execFile)('bash', ['-c', 'dnsperf "$@" 2>&1 | grep "Queries completed"', 'dnsperf', ...args]);
  return Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1]);
}

/** "192.0.2.1" when there was a whole answer by UDP. */
const ask = async (more: readonly string[] = ['+ignore']): Promise<string> => {
  const out = await tool('dig', ['-b', OTHER, '@127.0.0.1', '-p', String(served.port), 'www.lab.example', '+time=1', '+tries=5', ...more]);
  return /flags:[a-z ]* tc[ ;]/.test(out) ? 'truncated' : (/\sA\t(\S+)/.exec(out)?.[1] ?? out);
};

it('of questions is answered to its limit, while others are answered as ever', async () => {
  await flood();
  const before = { held: heldBytes(), ...served.server.counters };
  const startMs = performance.now();
  const flooding = flood();
  const answers: string[] = [];
  for (let count = 0; count < QUESTIONS; count += 1) answers.push(await ask());
  const received = await flooding;
  const seconds = (performance.now() - startMs) / 1000;
  const { udpRequests, udpResponses, rateLimited } = served.server.counters;
  const [asked, sent, limited] = [udpRequests - before.udpRequests, udpResponses - before.udpResponses, rateLimited - before.rateLimited];
  expect(answers).toEqual(Array.from({ length: QUESTIONS }, () => '192.0.2.1'));
  expect(asked).toBeGreaterThan(20 * PER_SECOND);
  // Two kinds of answers, a bucket each; what is above is dropped, and every second time answered with "come by TCP".
  expect(asked - limited).toBeLessThanOrEqual(2 * PER_SECOND * (seconds + 1) + QUESTIONS);
  expect(sent - (asked - limited)).toBeLessThanOrEqual(limited / 2 + 1);
  expect(received).toBeLessThanOrEqual(sent);
  expect(heldBytes() - before.held).toBeLessThan(NOISE_BYTES);
  // Said now and then, and nothing else is wrong.
  expect(served.reports.length).toBeLessThan(20);
  expect([...new Set(served.reports.map((report) => report.kind === 'refused' && `${report.reason} ${report.clientAddress}`))]).toEqual([
    `rate-limited ${FLOODER}`,
  ]);
}, 60_000);

it('of TCP connections that say nothing keeps no other client out, and is over when nothing was asked', async () => {
  const silent: Socket[] = Array.from({ length: 64 }, () => connect({ host: '127.0.0.1', port: served.port, localAddress: FLOODER }));
  for (const socket of silent) socket.resume().on('error', () => undefined);
  await eventually(() => served.server.counters.tcpRefused >= 48);
  expect(served.server.counters.tcpConnections).toBeLessThanOrEqual(16);
  expect(await ask(['+tcp'])).toBe('192.0.2.1');
  await eventually(() => served.server.counters.tcpConnections === 0 && silent.every(({ destroyed }) => destroyed));
  expect(served.reports).toContainEqual(expect.objectContaining({ reason: 'too-many-connections', clientAddress: FLOODER }));
}, 60_000);
