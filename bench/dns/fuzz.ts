/** `npm run bench:dns-fuzz [packets] [seed]`: mutated packets at the request handler; prints what came back and the memory before and after. */
import { parseName } from '@weft/dns';
import { DEFAULT_LIMITS } from '../../libs/dns/src/server/dns-limits';
import { RequestHandler } from '../../libs/dns/src/server/request-handler';
import { FUZZED_NAMES, mutatedPacket, seededRandom } from '../../libs/dns/src/testing/mutated-packets';
import { TestZone } from '../../libs/dns/src/testing/test-zone';
import { MemoryZoneSource } from '../../libs/dns/src/zone/memory-zone-source';

const PACKETS = Number(process.argv[2] ?? 1_000_000);
const SEED = Number(process.argv[3] ?? Date.now() & 0xffff);
const STEPS = 5;

const memory = (): string => {
  global.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return [rss, heapUsed, external].map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`).join(' / ');
};

const main = (): void => {
  const key = { name: parseName('lab.example_ns1'), secret: Buffer.from('secret') };
  const peers = [
    { name: 'ns1', key },
    { name: 'local', address: '192.0.2.1' },
  ];
  const zone = new TestZone('lab.example', ['www 60 A 192.0.2.1', 'alias 60 CNAME www.lab.example.', '*.y 60 TXT "x"', 'sub 60 NS ns.sub.lab.example.'], {
    peers,
  });
  for (let serial = 2; serial < 8; serial++) zone.change({ www: [`60 A 192.0.2.${serial}`] });
  const source = new MemoryZoneSource();
  source.put(zone.served());
  const outcomes = new Map<string, number>();
  const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const handler = new RequestHandler(
    source,
    (report) => report.kind === 'fault' && console.log(report),
    DEFAULT_LIMITS,
    () => Math.floor(Date.now() / 1000),
  );
  const random = seededRandom(SEED);
  console.log(`seed ${SEED}; memory (resident / heap / external) before: ${memory()}`);
  for (let packet = 1; packet <= PACKETS; packet++) {
    const octets = mutatedPacket(random, FUZZED_NAMES, key);
    const reply = handler.handle(octets, { address: random(2) ? '192.0.2.1' : '2001:db8::1', port: 1, transport: random(2) ? 'udp' : 'tcp' });
    if (reply.kind === 'transfer') while (!reply.transfer.messages.next().done);
    count(reply.kind === 'message' ? `rcode ${reply.octets[3]! & 15}` : reply.kind);
    if (packet % Math.ceil(PACKETS / STEPS) === 0) console.log(`after ${packet}: ${memory()}`);
  }
  console.log(`after all: ${memory()}`);
  console.log(
    [...outcomes]
      .sort()
      .map(([outcome, times]) => `${outcome}: ${times}`)
      .join(', '),
  );
};

main();
