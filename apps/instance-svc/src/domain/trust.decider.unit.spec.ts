import type { CertificateEvent, CertificateTokenEvent } from '@weft/contracts';
import { decideCertificate, useCertificateToken, type CertificateCommand } from './certificate.decider';
import { certificateFold, certificateTokenFold } from './certificate.state';
import { secretOfToken } from './certificate-token';
import { decideServerUpdate } from './server.decider';
import { decideStoragePool } from './storage-pool.decider';
import { storagePoolFold } from './storage-pool.state';

const content = { fingerprint: 'f', name: 'alice', type: 'client' as const, restricted: true, projects: ['web'], certificate: 'PEM' };
const added: CertificateEvent = { type: 'CertificateAdded', data: content };
const given = (...events: CertificateEvent[]) => ({
  when: (command: CertificateCommand) => decideCertificate(command, events.reduce(certificateFold.evolve, certificateFold.initial)),
});

describe('certificates', () => {
  it('are added once, and again after a removal', () => {
    expect(() => given(added).when({ type: 'add', certificate: content })).toThrow(expect.objectContaining({ code: 'certificate.exists' }));
    expect(given(added, { type: 'CertificateRemoved', data: { fingerprint: 'f', name: 'alice' } }).when({ type: 'add', certificate: content })).toEqual([
      added,
    ]);
  });

  it('are for clients or metrics', () => {
    expect(() => given().when({ type: 'add', certificate: { ...content, type: 'server' } })).toThrow('use client or metrics');
  });

  it('are changed by their owner in name only', () => {
    const asOwner = { type: 'update', mode: 'merge', asOwner: true } as const;
    expect(given(added).when({ ...asOwner, name: 'laptop' })[0]?.data).toMatchObject({ name: 'laptop', restricted: true, projects: ['web'] });
    for (const change of [{ restricted: false }, { projects: ['web', 'db'] }, { certificateType: 'metrics' }]) {
      expect(() => given(added).when({ ...asOwner, ...change })).toThrow(expect.objectContaining({ code: 'auth.forbidden' }));
    }
    // PUT without the rights would drop the restriction.
    expect(() => given(added).when({ type: 'update', mode: 'replace', asOwner: true, name: 'laptop' })).toThrow(
      expect.objectContaining({ code: 'auth.forbidden' }),
    );
  });
});

describe('tokens', () => {
  const now = new Date('2026-11-23T00:00:00Z');
  const issued = (expiresAt: string | null): CertificateTokenEvent => ({
    type: 'CertificateTokenIssued',
    data: { operationId: 'o', name: 'bob', restricted: false, projects: [], expiresAt },
  });
  const use = (...events: CertificateTokenEvent[]) =>
    useCertificateToken('o', 'f', events.reduce(certificateTokenFold.evolve, certificateTokenFold.initial), now);

  it('work once and in time', () => {
    const used = use(issued('2026-11-23T00:00:01Z'));
    expect(used).toEqual([{ type: 'CertificateTokenUsed', data: { operationId: 'o', fingerprint: 'f' } }]);
    expect(() => use(issued(null), ...used)).toThrow('not authorized');
    expect(() => use(issued('2026-11-23T00:00:00Z'))).toThrow('not authorized');
    expect(() => use()).toThrow('not authorized');
  });

  it.each([
    'sesame',
    '',
    'e30=',
    'bnVsbA==',
    'x'.repeat(20_000),
    Buffer.from('{"secret":1}').toString('base64'),
    Buffer.from('{"secret":""}').toString('base64'),
  ])('are not found in %.20s', (text) => {
    expect(secretOfToken(text)).toBeUndefined();
  });

  it('are found in what LXD clients send', () => {
    expect(secretOfToken(Buffer.from('{"client_name":"a","secret":"s"}').toString('base64'))).toBe('s');
  });
});

describe('the server configuration', () => {
  const state = { config: { 'core.trust_password': 'true', 'user.a': '1' } };
  it.each([
    [
      { mode: 'replace', config: { 'core.trust_password': 'new' } },
      { kind: 'set', password: 'new' },
    ],
    [{ mode: 'replace', config: { 'core.trust_password': 'true' } }, { kind: 'keep' }],
    [{ mode: 'replace', config: {} }, { kind: 'clear' }],
    [{ mode: 'merge', config: { 'user.b': '2' } }, { kind: 'keep' }],
    [{ mode: 'merge', config: { 'core.trust_password': '' } }, { kind: 'clear' }],
  ] as const)('%j', (command, password) => {
    const decided = decideServerUpdate(command, state);
    expect(decided.password).toEqual(password);
    expect(JSON.stringify(decided.events)).not.toContain('new');
  });

  it('may have the password "true"', () => {
    expect(decideServerUpdate({ mode: 'merge', config: { 'core.trust_password': 'true' } }, { config: {} }).password).toEqual({
      kind: 'set',
      password: 'true',
    });
  });
});

describe('storage pools', () => {
  const state = storagePoolFold.evolve(storagePoolFold.initial, {
    type: 'StoragePoolCreated',
    data: { name: 'default', driver: 'dir', description: '', config: { source: '/s' } },
  });
  const update = (config: Record<string, string>, mode: 'replace' | 'merge' = 'replace') => decideStoragePool({ type: 'update', mode, config }, state);

  it('keep their source', () => {
    expect(update({ 'user.a': 'b' })[0]?.data).toMatchObject({ config: { source: '/s', 'user.a': 'b' } });
    expect(update({ source: '/s' })[0]?.data).toMatchObject({ config: { source: '/s' } });
    expect(() => update({ source: '/elsewhere' })).toThrow('source of a storage pool cannot be changed');
  });

  it('refuse what a directory pool does not know', () => {
    expect(() => update({ 'zfs.pool_name': 'x' })).toThrow('Invalid option for storage pool');
    expect(() => update({ 'rsync.bwlimit': 'fast' })).toThrow('Invalid value for option "rsync.bwlimit"');
  });
});
