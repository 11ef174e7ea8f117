import { decode, encode, RECURSION_DESIRED, type Packet } from 'dns-packet';
import { nameKey, parseName, type NameKey } from '../names/name';
import { serve, type ServedForTest } from '../testing/serve';
import { TestZone } from '../testing/test-zone';
import { Resolver, type ResolverView, type Transport } from './resolver';
import type { NameServer } from './upstream';

describe('a resolver between zones and other name servers', () => {
  let abroad: ServedForTest;
  const faults: unknown[] = [];
  const resolver = new Resolver({ report: (report) => report.kind === 'fault' && faults.push(report.error), upstream: { timeoutMs: 300, rounds: 2 } });
  const lab = new TestZone('lab.example', [
    'www 60 A 192.0.2.1',
    'out 60 CNAME far.abroad.example.',
    'twice 60 CNAME out.lab.example.',
    'lost 60 CNAME nowhere.abroad.example.',
    'circle 60 CNAME back.abroad.example.',
    'many 60 CNAME big.abroad.example.',
  ]);

  beforeAll(async () => {
    const far = ['far 60 A 192.0.2.99', 'back 60 CNAME circle.lab.example.', ...Array.from({ length: 80 }, (_, index) => `big 60 A 10.0.0.${index}`)];
    abroad = await serve([new TestZone('abroad.example', far)]);
  });
  afterAll(() => abroad.close());
  afterEach(() => expect(faults.splice(0)).toEqual([]));

  const view = (nameServers?: readonly NameServer[]): ResolverView => ({
    zone: (apex: NameKey) => (apex === nameKey(parseName('lab.example')) ? lab.served() : undefined),
    nameServers: nameServers ?? [{ address: '127.0.0.1', port: abroad.port }],
  });
  const ask = async (name: string, more: Partial<Packet> = {}, transport: Transport = 'udp', seen = view()) => {
    const question = encode({ type: 'query', id: 4711, flags: RECURSION_DESIRED, questions: [{ type: 'A', class: 'IN', name }], ...more } as Packet);
    const answer = await resolver.resolve(question, transport, () => Promise.resolve(seen));
    const { rcode, answers, id, ...flags } = decode(answer!) as ReturnType<typeof decode> & { rcode: string };
    expect({ id, recursion: flags.flag_ra }).toEqual({ id: 4711, recursion: true });
    return { rcode, truncated: flags.flag_tc, answers: answers!.map((record) => `${record.name} ${'data' in record ? String(record.data) : ''}`) };
  };
  const EDNS: Partial<Packet> = { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4_096, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }] }; // prettier-ignore

  it('answers from the zones of the view, with EDNS and without', async () => {
    expect(await ask('www.lab.example')).toMatchObject({ rcode: 'NOERROR', answers: ['www.lab.example 192.0.2.1'] });
    expect(await ask('www.lab.example', EDNS)).toMatchObject({ answers: ['www.lab.example 192.0.2.1'] });
    expect(await ask('none.lab.example')).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
  });

  it('asks others about everything else, in the transport of the client', async () => {
    for (const transport of ['udp', 'tcp'] as const) {
      expect(await ask('far.abroad.example', {}, transport)).toMatchObject({ answers: ['far.abroad.example 192.0.2.99'] });
    }
    expect(await ask('big.abroad.example')).toMatchObject({ truncated: true, answers: [] });
    expect((await ask('big.abroad.example', {}, 'tcp')).answers).toHaveLength(80);
  });

  it('follows aliases out of the zone', async () => {
    expect(await ask('out.lab.example')).toMatchObject({ answers: ['out.lab.example far.abroad.example', 'far.abroad.example 192.0.2.99'] });
    expect((await ask('twice.lab.example')).answers).toHaveLength(3);
    expect(await ask('lost.lab.example')).toMatchObject({ rcode: 'NXDOMAIN', answers: ['lost.lab.example nowhere.abroad.example'] });
    expect(await ask('many.lab.example', {}, 'udp')).toMatchObject({ truncated: true });
    expect((await ask('many.lab.example', {}, 'tcp')).answers).toHaveLength(81);
    expect((await ask('circle.lab.example')).answers.length).toBeLessThan(10);
  });

  it('goes on to the next server, and says so when none is there', async () => {
    const nobody = { address: '127.0.0.1', port: 1 };
    expect(await ask('x.example', {}, 'udp', view([]))).toMatchObject({ rcode: 'REFUSED' });
    expect(await ask('x.example', {}, 'udp', view([nobody]))).toMatchObject({ rcode: 'SERVFAIL' });
    expect(await ask('x.example', {}, 'tcp', view([nobody]))).toMatchObject({ rcode: 'SERVFAIL' });
    expect((await ask('out.lab.example', {}, 'udp', view([nobody, { address: '127.0.0.1', port: abroad.port }]))).answers).toHaveLength(2);
  });

  it('hands out no zones, and hears no nonsense', async () => {
    expect(await ask('lab.example', { questions: [{ type: 'AXFR', class: 'IN', name: 'lab.example' }] }, 'tcp')).toMatchObject({
      rcode: 'NOTAUTH',
      answers: [],
    });
    expect(await resolver.resolve(Buffer.from('no message'), 'udp', () => Promise.resolve(view()))).toBeUndefined();
    expect(await ask('www.lab.example', { questions: [] })).toMatchObject({ rcode: 'FORMERR' });
  });
});
