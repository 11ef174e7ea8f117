import { eventually } from '@weft/testing';
import { parseName } from '../names/name';
import { Notifier, type NotifyReport } from '../notify/notifier';
import type { DnsReport, TransferReport } from '../server/dns-report';
import { type Secondaries, startSecondaries, zoneRecords } from '../testing/secondaries';
import { serve, type ServedForTest } from '../testing/serve';
import { TestZone } from '../testing/test-zone';
import type { NotifyTarget } from '../zone-source';

const SECRET = Buffer.alloc(32, 7);
const ZONE = 'lab.example';
const REVERSE = '0.10.10.in-addr.arpa';
const KEY = { name: `${ZONE}_ns1`, algorithm: 'hmac-sha256', secretBase64: SECRET.toString('base64') };
const ZONE_KEY = { name: parseName(KEY.name), secret: SECRET };
const START = 4_294_967_200;

/** The same numbers in every run: what fails can be run again. */
const randomFrom = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

const VALUES: readonly ((random: (below: number) => number) => string)[] = [
  (random) => `A 10.10.${random(4)}.${random(256)}`,
  (random) => `AAAA 2001:db8::${random(65_536).toString(16)}`,
  (random) => `MX ${random(3)} h${random(40)}.${ZONE}.`,
  (random) => `TXT "v=${random(9)} a;b" "\\"q\\" \\\\ \\200"`,
  (random) => `SRV 1 ${random(5)} 443 h${random(40)}.${ZONE}.`,
  (random) => `CAA 0 issue "ca${random(3)}.example"`,
  (random) => `SSHFP 4 2 ${'0123456789ABCDEF'[random(16)]!.repeat(64)}`,
  (random) => `TLSA 3 1 1 ${'0123456789ABCDEF'[random(16)]!.repeat(64)}`,
  (random) => `NAPTR 100 ${random(9)} "u" "E2U+sip" "!^.*$!sip:a@b.example!" .`,
  (random) => `HTTPS 1 . alpn=h2,h3 port=${random(9000) + 1}`,
  (random) => `URI 10 ${random(9)} "https://h.example/"`,
  (random) => `DS ${random(9)} 13 2 ${'AB'.repeat(32)}`,
  (random) => `TYPE65280 \\# 2 ${random(256).toString(16).padStart(2, '0').toUpperCase()}00`,
  (random) => `LOC 52 22 23.000 N 4 53 ${random(60)}.000 E -2.00m 1m 10000m 10m`,
  () => `HINFO "PC" "Linux"`,
  () => 'EUI48 00-00-5e-00-53-2a',
];

const OWNERS = [...Array.from({ length: 40 }, (_, index) => `h${index}`), '*.wild', 'a.b.c', 'b.c', '_sip._tcp', '@', 'under_score', 'xn--bcher-kva'];

describe('BIND, Knot, NSD and PowerDNS', () => {
  /** So many that a burst of changes is smaller than the zone. */
  const still = Array.from({ length: 400 }, (_, index) => `still${index} 300 A 10.9.${index >> 8}.${index & 255}`);
  const zone = new TestZone(ZONE, ['@ 300 NS ns1.lab.example.', 'ns1 300 A 127.0.0.1', ...still], { serial: START, peers: [{ name: 'ns1', key: ZONE_KEY }] });
  const reverse = new TestZone(REVERSE, ['@ 300 NS ns1.lab.example.', '2 300 PTR h2.lab.example.'], { peers: [{ name: 'ns1', key: ZONE_KEY }] });
  const random = randomFrom(20);
  let served: ServedForTest;
  let secondaries: Secondaries;
  let notifier: Notifier;
  const notified: NotifyReport[] = [];

  beforeAll(async () => {
    served = await serve([zone, reverse]);
    secondaries = await startSecondaries({ zones: [ZONE, REVERSE], primary: { address: '127.0.0.1', port: served.port }, key: KEY });
    notifier = new Notifier({ report: (report) => notified.push(report), sourceAddress: { ipv4: '127.0.0.1' } });
  });

  afterAll(async () => {
    await notifier.close();
    await secondaries.stop();
    await served.close();
  });

  const targets = (): NotifyTarget[] => secondaries.all.map(({ kind, port }) => ({ name: kind, address: '127.0.0.1', port, key: ZONE_KEY }));
  const transfers = (what: TransferReport['what']): DnsReport[] => served.reports.filter((report) => report.kind === 'transfer' && report.what === what);
  const publish = (changed: TestZone): void => {
    const now = { ...changed.served(), notify: targets() };
    served.source.put(now);
    notifier.announce(now);
  };
  const agree = async (changed: TestZone, name: string): Promise<void> => {
    await secondaries.haveSerial(name, changed.current.soa.serial);
    const own = await zoneRecords(served.port, name, ['-y', `${KEY.algorithm}:${KEY.name}:${KEY.secretBase64}`]);
    expect(own.length).toBeGreaterThan(2);
    for (const [kind, records] of Object.entries(await secondaries.records(name))) expect({ kind, records }).toEqual({ kind, records: own });
  };
  /** CNAME for some, other records for the rest. */
  const randomOwner = (): [string, string[]] => {
    const owner = OWNERS[random(OWNERS.length)]!;
    if (owner === '@') return [owner, ['300 NS ns1.lab.example.', `60 TXT "${random(99)}"`]];
    if (random(5) === 0) return [owner, []];
    if (random(8) === 0) return [owner, [`60 CNAME h${random(40)}.${ZONE}.`]];
    return [owner, Array.from({ length: 1 + random(3) }, () => `${[60, 300][random(2)]} ${VALUES[random(VALUES.length)]!(random)}`)];
  };

  it('transfer both zones', async () => {
    await agree(zone, ZONE);
    await agree(reverse, REVERSE);
    expect(served.reports.filter((report) => report.kind === 'refused')).toEqual([]);
  });

  it('follow 200 random changes by differences, also where the serial goes round, and hold exactly the same records', async () => {
    const wholeBefore = transfers('axfr').length;
    let checks = 0;
    for (let changes = 0; changes < 200;) {
      for (let burst = 1 + random(40); burst > 0; burst--, changes++) {
        zone.change(Object.fromEntries(Array.from({ length: 1 + random(3) }, randomOwner)));
        publish(zone);
      }
      await agree(zone, ZONE);
      checks++;
    }
    expect(zone.current.soa.serial).toBeLessThan(START);
    expect(transfers('ixfr').length).toBeGreaterThanOrEqual(secondaries.all.length * checks);
    // Checks of ours apart, which ask for AXFR: none of the four asked for the whole zone, or got it.
    expect(transfers('ixfr-as-axfr')).toEqual([]);
    expect(transfers('axfr').length - wholeBefore).toBe(checks);
    expect(served.reports.filter((report) => report.kind === 'refused' || report.kind === 'fault')).toEqual([]);
  });

  it('acknowledge each notification', async () => {
    await eventually(() => secondaries.all.every(({ kind }) => notified.some((report) => report.target.name === kind && report.outcome === 'acknowledged')));
    expect(notified.filter((report) => report.outcome !== 'acknowledged')).toEqual([]);
  });

  it('transfer nothing when nothing has changed', async () => {
    const before = ['axfr', 'ixfr', 'ixfr-as-axfr'].map((what) => transfers(what as TransferReport['what']).length);
    const told = notified.length;
    publish(zone);
    await eventually(() => notified.length >= told + 4);
    await agree(reverse, REVERSE);
    expect(['axfr', 'ixfr', 'ixfr-as-axfr'].map((what) => transfers(what as TransferReport['what']).length)).toEqual([before[0]! + 1, ...before.slice(1)]);
  });

  it('come back to the newest content after they were killed', async () => {
    await Promise.all(secondaries.all.map((secondary) => secondary.kill9()));
    for (let changes = 0; changes < 20; changes++) zone.change(Object.fromEntries([randomOwner()]));
    served.source.put({ ...zone.served(), notify: targets() });
    await Promise.all(secondaries.all.map((secondary) => secondary.restart()));
    notifier.announce({ ...zone.served(), notify: targets() });
    await agree(zone, ZONE);
  });
});
