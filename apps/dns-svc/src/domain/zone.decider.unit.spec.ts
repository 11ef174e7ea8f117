import { decideZone, type ZoneCommand } from './zone.decider';
import { zoneEtag, zoneFold, type ZoneState } from './zone.state';

const create = (name: string, config: Record<string, string> = {}): ZoneCommand => ({
  type: 'create',
  id: 'z1',
  project: 'default',
  name,
  description: '',
  config,
});
const given = (config: Record<string, string> = {}): ZoneState =>
  zoneFold.evolve(zoneFold.initial, {
    type: 'ZoneCreated',
    data: { id: 'z1', project: 'default', name: 'lab.example', description: 'd', config },
  });
const refusal = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return { code: (error as { code: string }).code, message: (error as Error).message };
  }
};

describe('a zone is created', () => {
  it.each(['lab.example', 'lab_example', 'a/b', '2.2.10.in-addr.arpa', '2.0.0.0.2.0.0.0.2.4.d.f.ip6.arpa', 'Lab.Example'])('%s', (name) => {
    expect(decideZone(create(name), zoneFold.initial)).toEqual([
      { type: 'ZoneCreated', data: { id: 'z1', project: 'default', name, description: '', config: {} } },
    ]);
  });

  it.each([
    ['', /needs a name/],
    ['/x', /cannot begin with/],
    ['.', /root/],
    ['lab.example.', /final dot/],
    ['a..b', /empty label/],
    ['b ad', /blank/],
    [`${'a'.repeat(64)}.example`, /64 octets; 63/],
    [`${'abcdefgh.'.repeat(29)}x`, /255 are allowed/],
    ['bücher.example', /xn--/],
  ])('not as "%s"', (name, message) => {
    expect(refusal(() => decideZone(create(name), zoneFold.initial))).toMatchObject({
      code: 'network-zone.invalid',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    [{ foo: 'bar' }, 'Invalid config option "foo"'],
    [{ 'peers.ns1.address': 'nothost' }, 'Invalid value for config option "peers.ns1.address": Not an IP address "nothost"'],
    [{ 'peers.ns1.key': '*' }, 'Invalid value for config option "peers.ns1.key": Not base64: make a key with "openssl rand -base64 32"'],
    [{ 'peers.ns1.key': 'YWJj' }, 'Invalid value for config option "peers.ns1.key": A key of 3 octets is too short: make one with "openssl rand -base64 32"'],
    [{ 'peers.ns1.algorithm': 'hmac-sha512' }, 'Peer "ns1" has neither an address nor a key: it would let everyone transfer the zone. Set one of them'],
    [{ 'peers.n s.address': '::1' }, /"peers\.n s\.address".*blank/],
    [{ 'peers.x.y.address': '::1' }, 'Invalid config option "peers.x.y.address"'],
    [{ 'dns.nameservers': 'ns1,10.0.0.1' }, /"10.0.0.1" is an address/],
    [{ 'dns.nameservers': 'a..b' }, /empty label/],
    [{ 'dns.contact': '@lab' }, /no mail address/],
    [{ 'network.nat': 'maybe' }, /Invalid value for a boolean "maybe"/],
  ])('not with %j', (config, message) => {
    expect(refusal(() => decideZone(create('z3.example', config as Record<string, string>), zoneFold.initial))).toMatchObject({
      code: 'config.invalid',
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    });
  });
});

it('has the ETag of LXD', () => {
  const zone = (config: Record<string, string>) => ({ name: 'lab.example', description: '', config });
  expect(zoneEtag(zone({}))).toBe('57ca1e9b47e31b4110b3cef5309e5636f3539755d7249cb226b2f0eb4a83829f');
  expect(zoneEtag(zone({ 'peers.ns1.address': '127.0.0.1', 'dns.nameservers': 'ns1.lab.example,ns2.lab.example' }))).toBe(
    'd0d001135b58d3e7186c72bfef6176f32d1b8437ec5b1aa7a2d3a0ebdce3c522',
  );
});

describe('a zone is updated', () => {
  const merge = (config: Record<string, string>, ifMatch?: string): ZoneCommand => ({ type: 'update', mode: 'merge', config, ifMatch });

  it('keeps the rest in a merge, and empty values unset', () => {
    expect(decideZone(merge({ 'user.b': '2', 'user.a': '' }), given({ 'user.a': '1', 'user.c': '3' }))).toMatchObject([
      { type: 'ZoneUpdated', data: { description: 'd', config: { 'user.b': '2', 'user.c': '3' } } },
    ]);
  });

  it('not when nothing differs, not over a newer version, not when there is none', () => {
    expect(decideZone(merge({}), given())).toEqual([]);
    expect(refusal(() => decideZone(merge({}, 'old'), given()))).toMatchObject({ code: 'etag.mismatch' });
    expect(refusal(() => decideZone(merge({}), zoneFold.initial))).toMatchObject({ code: 'network-zone.not-found', message: 'Network zone not found' });
  });
});

it('is deleted when no network uses it', () => {
  expect(decideZone({ type: 'delete', inUse: false }, given())).toEqual([{ type: 'ZoneDeleted', data: { id: 'z1', project: 'default', name: 'lab.example' } }]);
  expect(refusal(() => decideZone({ type: 'delete', inUse: true }, given()))).toMatchObject({ message: 'Cannot delete a zone that is in use' });
});
