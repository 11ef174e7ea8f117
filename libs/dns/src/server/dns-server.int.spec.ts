import { parseName, renderName } from '../names/name';
import { serve, type ServedForTest, tool } from '../testing/serve';
import { TestZone } from '../testing/test-zone';
import type { TsigAlgorithm } from '../zone-source';
import { explainRefusal } from './access';
import type { Refusal } from './dns-report';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdef');
const KEY = { name: parseName('lab.example_ns1'), secret: SECRET };
const OTHER_KEY = { name: parseName('other.example_ns1'), secret: SECRET };
const sign = (algorithm: string, name = 'lab.example_ns1', secret = SECRET): string[] => ['-y', `${algorithm}:${name}:${secret.toString('base64')}`];

const LAB = [
  '@ 300 NS ns1.lab.example.',
  '@ 300 MX 10 ns1.lab.example.',
  'ns1 300 A 127.0.0.1',
  'WWW 60 A 192.0.2.1',
  'www 60 A 192.0.2.2',
  'a.b.c 60 TXT "x"',
  '*.w 60 A 192.0.2.3',
  'host.w 60 AAAA 2001:db8::1',
  '*.loop 60 CNAME www.lab.example.',
  'alias 60 CNAME www.lab.example.',
  'dangling 60 CNAME nothing.lab.example.',
  'abroad 60 CNAME www.example.net.',
  'ring1 60 CNAME ring2.lab.example.',
  'ring2 60 CNAME ring1.lab.example.',
  'sub 300 NS ns.sub.lab.example.',
  'ns.sub 300 A 192.0.2.9',
  'sub 300 DS 1 8 2 ' + 'AB'.repeat(32),
  'tree 60 DNAME other.example.',
  '_sip._tcp 60 SRV 1 2 5060 ns1.lab.example.',
  'odd 60 TYPE65280 \\# 3 0A0B0C',
  ...Array.from({ length: 80 }, (_, index) => `big 60 A 10.0.0.${index}`),
];

describe('a server and dig', () => {
  let served: ServedForTest;

  beforeAll(async () => {
    served = await serve([
      new TestZone('lab.example', LAB, { peers: [{ name: 'ns1', key: KEY }] }),
      new TestZone('other.example', ['x.y 60 A 192.0.2.7', '@ 60 NS ns1.lab.example.'], { peers: [{ name: 'far', address: '192.0.2.200', key: OTHER_KEY }] }),
      new TestZone('child.lab.example', ['@ 60 NS ns1.lab.example.'], { queries: 'peers', peers: [] }),
    ]);
  });

  afterAll(() => served.close());

  /** "NOERROR aa: <answers> | <authority>", each record without its TTL. */
  const ask = async (...args: string[]): Promise<string> => {
    const out = await tool('dig', ['@127.0.0.1', '-p', String(served.port), '+time=5', '+tries=1', '+noadditional', ...args]);
    const status = /status: (\w+)/.exec(out)?.[1] ?? 'no answer';
    const flags = /flags: ([a-z ]*);/
      .exec(out)?.[1]
      ?.split(' ')
      .filter((flag) => flag !== 'qr' && flag !== 'rd')
      .join(' ');
    const section = (name: string): string =>
      (new RegExp(`;; ${name} SECTION:\\n((?:.+\\n)+)`).exec(out)?.[1] ?? '')
        .trim()
        .split('\n')
        .map((line) => line.replace(/\s+\d+\s+IN\s+/, ' ').replace(/\s+/g, ' '))
        .join(', ');
    return `${status} ${flags}: ${section('ANSWER')} | ${section('AUTHORITY').replace(/SOA .*/, 'SOA')}`;
  };

  it.each([
    ['WwW.lab.example A', 'NOERROR aa: WWW.lab.example. A 192.0.2.1, WWW.lab.example. A 192.0.2.2 | '],
    ['www.lab.example AAAA', 'NOERROR aa:  | lab.example. SOA'],
    ['nothing.lab.example A', 'NXDOMAIN aa:  | lab.example. SOA'],
    ['b.c.lab.example A', 'NOERROR aa:  | lab.example. SOA'],
    ['z.c.lab.example A', 'NXDOMAIN aa:  | lab.example. SOA'],
    ['lab.example SOA', 'NOERROR aa: lab.example. SOA ns1.lab.example. hostmaster.lab.example. 1 3600 60 86400 30 | '],
    ['lab.example NS', 'NOERROR aa: lab.example. NS ns1.lab.example. | '],
    ['lab.example ANY', 'NOERROR aa: lab.example. SOA ns1.lab.example. hostmaster.lab.example. 1 3600 60 86400 30 | '],
    ['any.w.lab.example A', 'NOERROR aa: any.w.lab.example. A 192.0.2.3 | '],
    ['deep.any.w.lab.example A', 'NOERROR aa: deep.any.w.lab.example. A 192.0.2.3 | '],
    ['host.w.lab.example A', 'NOERROR aa:  | lab.example. SOA'],
    ['x.host.w.lab.example A', 'NXDOMAIN aa:  | lab.example. SOA'],
    ['w.lab.example A', 'NOERROR aa:  | lab.example. SOA'],
    ['*.w.lab.example A', 'NOERROR aa: *.w.lab.example. A 192.0.2.3 | '],
    ['x.loop.lab.example A', 'NOERROR aa: x.loop.lab.example. CNAME www.lab.example., WWW.lab.example. A 192.0.2.1, WWW.lab.example. A 192.0.2.2 | '],
    ['alias.lab.example CNAME', 'NOERROR aa: alias.lab.example. CNAME www.lab.example. | '],
    ['alias.lab.example TXT', 'NOERROR aa: alias.lab.example. CNAME www.lab.example. | lab.example. SOA'],
    ['dangling.lab.example A', 'NXDOMAIN aa: dangling.lab.example. CNAME nothing.lab.example. | lab.example. SOA'],
    ['abroad.lab.example A', 'NOERROR aa: abroad.lab.example. CNAME www.example.net. | '],
    ['ring1.lab.example A', 'NOERROR aa: ring1.lab.example. CNAME ring2.lab.example., ring2.lab.example. CNAME ring1.lab.example. | '],
    [
      'x.sub.lab.example A',
      `NOERROR : | sub.lab.example. NS ns.sub.lab.example., sub.lab.example. DS 1 8 2 ${'AB'.repeat(28)} ABABABAB`.replace(': |', ':  |'),
    ],
    ['sub.lab.example DS', `NOERROR aa: sub.lab.example. DS 1 8 2 ${'AB'.repeat(28)} ABABABAB | `],
    ['x.tree.lab.example A', 'NOERROR aa: tree.lab.example. DNAME other.example., x.tree.lab.example. CNAME x.other.example. | '],
    ['_sip._tcp.lab.example SRV', 'NOERROR aa: _sip._tcp.lab.example. SRV 1 2 5060 ns1.lab.example. | '],
    ['odd.lab.example TYPE65280', 'NOERROR aa: odd.lab.example. TYPE65280 \\# 3 0A0B0C | '],
    ['www.example.org A', 'REFUSED :  | '],
    ['child.lab.example NS', 'REFUSED :  | '],
    ['lab.example TKEY', 'NOTIMP :  | '],
    ['-c CH lab.example TXT', 'REFUSED :  | '],
    ['lab.example SOA +opcode=STATUS', 'NOTIMP :  | '],
    ['lab.example SOA +opcode=UPDATE', 'NOTIMP :  | '],
    ['lab.example SOA +opcode=NOTIFY', 'NOTAUTH :  | '],
    ['lab.example SOA +edns=1 +noednsneg', 'BADVERS :  | '],
    ['lab.example SOA +ednsopt=65001:abcd', 'NOERROR aa: lab.example. SOA ns1.lab.example. hostmaster.lab.example. 1 3600 60 86400 30 | '],
  ])('%s', async (question, expected) => {
    expect(await ask(...question.split(' '))).toBe(expected);
    // The second time from the cache.
    expect(await ask(...question.split(' '))).toBe(expected);
    expect(await ask('+tcp', ...question.split(' '))).toBe(expected);
  });

  it('truncates what does not fit, and gives all of it by TCP', async () => {
    expect(await ask('big.lab.example', '+ignore')).toBe('NOERROR aa tc:  | ');
    expect(await ask('big.lab.example', '+ignore', '+noedns')).toBe('NOERROR aa tc:  | ');
    expect((await ask('big.lab.example')).match(/ A 10\./g)).toHaveLength(80);
  });

  it('gives the addresses of the servers that it names', async () => {
    const additional = async (question: string): Promise<string> =>
      tool('dig', ['@127.0.0.1', '-p', String(served.port), ...question.split(' '), '+noall', '+additional']);
    expect(await additional('lab.example MX')).toContain('127.0.0.1');
    expect(await additional('x.sub.lab.example A')).toContain('192.0.2.9');
    expect(await additional('_sip._tcp.lab.example SRV')).toContain('127.0.0.1');
  });

  it('answers many questions on one connection', async () => {
    const out = await tool('dig', [
      '@127.0.0.1',
      '-p',
      String(served.port),
      '+tcp',
      '+keepopen',
      '+short',
      'www.lab.example',
      'ns1.lab.example',
      'any.w.lab.example',
    ]);
    expect(out.trim().split('\n')).toEqual(['192.0.2.1', '192.0.2.2', '127.0.0.1', '192.0.2.3']);
  });

  const transfer = (...args: string[]): Promise<string> =>
    tool('kdig', ['@127.0.0.1', '-p', String(served.port), '+time=5', '+retry=0', 'lab.example', ...args]);
  const lastRefusal = (): Refusal => served.reports.filter((report): report is Refusal => report.kind === 'refused').at(-1)!;

  describe.each<[TsigAlgorithm]>([['hmac-sha1'], ['hmac-sha224'], ['hmac-sha256'], ['hmac-sha384'], ['hmac-sha512']])('signed with %s', (algorithm) => {
    it('a query, a transfer and an error are signed back', async () => {
      for (const name of ['www.lab.example', 'nothing.lab.example', 'www.example.org']) {
        const out = await tool('dig', ['@127.0.0.1', '-p', String(served.port), name, ...sign(algorithm)]);
        expect(out).toMatch(/;; TSIG PSEUDOSECTION:\nlab\.example_ns1\.\s.*NOERROR/);
        expect(out).not.toMatch(/verify|Couldn/);
      }
      const out = await transfer('AXFR', ...sign(algorithm));
      expect(out.match(/\tA\t10\./g)).toHaveLength(80);
      expect(out).not.toMatch(/WARNING|;; ERROR/);
      const dig = await tool('dig', ['@127.0.0.1', '-p', String(served.port), 'lab.example', 'AXFR', ...sign(algorithm)]);
      expect(dig).toMatch(/XFR size: 102 records/);
      expect(dig).not.toMatch(/verify|Couldn/);
    });
  });

  it.each([
    ['without a key', [], 'key-missing', 'REFUSED'],
    ['with another secret', sign('hmac-sha256', 'lab.example_ns1', Buffer.from('wrong')), 'signature-wrong', 'BADSIG'],
    ['with an unknown key', sign('hmac-sha256', 'lab.example_ns2'), 'key-unknown', 'BADKEY'],
    ['with the key of another zone', sign('hmac-sha256', 'other.example_ns1'), 'key-of-another-peer', 'REFUSED'],
    ['with MD5', sign('hmac-md5'), 'key-unknown', 'BADKEY'],
  ])('refuses a transfer %s and says why', async (_how, args, reason, status) => {
    const out = await transfer('AXFR', ...args);
    expect(out).not.toContain('192.0.2.1');
    expect(out).toContain(status);
    const refusal = lastRefusal();
    expect(refusal).toMatchObject({ reason, what: 'axfr', clientAddress: '127.0.0.1', transport: 'tcp' });
    expect(renderName(refusal.zone!)).toBe('lab.example.');
    expect(explainRefusal(refusal)).toMatch(/^axfr of lab\.example\. refused to 127\.0\.0\.1 \(tcp\): .{20,}/);
    expect(explainRefusal(refusal)).not.toContain(SECRET.toString('base64'));
  });

  it('takes whole signatures only', async () => {
    const args = ['@127.0.0.1', '-p', String(served.port), 'lab.example', 'AXFR', ...sign('hmac-sha256-128')];
    expect(await tool('dig', args)).toMatch(/Transfer failed|BADTRUNC/);
    expect(lastRefusal()).toMatchObject({ reason: 'signature-too-short' });
    expect(explainRefusal(lastRefusal())).toContain('the peer must send whole ones');
  });

  it('refuses a transfer of a zone that is not there, and one to an address that no peer has', async () => {
    expect(await tool('dig', ['@127.0.0.1', '-p', String(served.port), 'example.org', 'AXFR'])).toContain('Transfer failed');
    expect(lastRefusal()).toMatchObject({ reason: 'zone-unknown' });
    expect(await tool('dig', ['@127.0.0.1', '-p', String(served.port), 'other.example', 'AXFR', ...sign('hmac-sha256', 'other.example_ns1')])).toContain(
      'Transfer failed',
    );
    expect(lastRefusal()).toMatchObject({ reason: 'address-not-allowed' });
  });
});

describe('a server whose clock differs', () => {
  it('says so to the peer and in the report', async () => {
    const served = await serve([new TestZone('lab.example', ['www 60 A 192.0.2.1'], { peers: [{ name: 'ns1', key: KEY }] })], {
      nowSeconds: () => Math.floor(Date.now() / 1000) - 1000,
    });
    try {
      const out = await tool('dig', ['@127.0.0.1', '-p', String(served.port), 'lab.example', 'SOA', ...sign('hmac-sha256')]);
      expect(out).toContain('BADTIME');
      const refusal = served.reports[0] as Refusal;
      expect(refusal).toMatchObject({ reason: 'time-differs' });
      expect(explainRefusal(refusal)).toMatch(/clock is (999|100[0-5]) s ahead of ours/);
    } finally {
      await served.close();
    }
  });
});

describe('IXFR', () => {
  it('gives differences, condensed, by TCP and by UDP; all when the past is gone', async () => {
    const zone = new TestZone(
      'lab.example',
      Array.from({ length: 200 }, (_, index) => `h${index} 60 A 10.0.0.${index}`),
    );
    const served = await serve([zone]);
    const ixfr = (serial: number, ...args: string[]): Promise<string> =>
      tool('dig', ['@127.0.0.1', '-p', String(served.port), 'lab.example', `IXFR=${serial}`, '+noall', '+answer', '+onesoa', ...args]);
    try {
      zone.change({ new: ['60 A 192.0.2.1'], h1: [] });
      zone.change({ new: [], h2: ['90 A 10.0.0.2'] });
      served.source.put(zone.served());
      const lines = (text: string): string[] =>
        text
          .trim()
          .split('\n')
          .map((line) => line.replace(/\s+/g, ' '));
      const expected = [
        expect.stringContaining('hostmaster.lab.example. 3 '),
        expect.stringContaining('hostmaster.lab.example. 1 '),
        'h1.lab.example. 60 IN A 10.0.0.1',
        'h2.lab.example. 60 IN A 10.0.0.2',
        expect.stringContaining('hostmaster.lab.example. 3 '),
        'h2.lab.example. 90 IN A 10.0.0.2',
        expect.stringContaining('hostmaster.lab.example. 3 '),
      ];
      expect(lines(await ixfr(1, '+tcp'))).toEqual(expected);
      expect(lines(await ixfr(1, '+notcp'))).toEqual(expected);
      expect(lines(await ixfr(3, '+tcp'))).toEqual([expect.stringContaining(' 3 3600')]);
      expect(lines(await ixfr(7, '+tcp'))).toEqual([expect.stringContaining(' 3 3600')]);
      expect(lines(await ixfr(4_000_000_000, '+tcp')).length).toBeGreaterThan(199);
      expect(lines(await ixfr(4_000_000_000, '+notcp'))).toEqual([expect.stringContaining(' 3 3600')]);
      expect(served.reports.map((report) => (report.kind === 'transfer' ? report.what : report.kind))).toEqual([
        'ixfr',
        'ixfr',
        'up-to-date',
        'up-to-date',
        'ixfr-as-axfr',
        'ixfr-as-axfr',
      ]);
    } finally {
      await served.close();
    }
  });
});
