import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, type CommandReply, type Meta } from '@weft/contracts';
import { expectFoldEqualsRows } from '@weft/event-store';
import { startPostgres, type TestPostgres } from '@weft/testing';
import { parseCertificate } from '../domain/certificate.pem';
import { certificateProjection, serverProjection } from '../projections/trust.projection';
import { startResourceService, UNRESTRICTED, type ResourceService } from '../testing/resource-service';

let postgres: TestPostgres;
let service: ResourceService;

beforeAll(async () => {
  postgres = await startPostgres();
  service = await startResourceService(postgres.url);
}, 60_000);

afterAll(async () => {
  await service.close();
  await postgres.stop();
});

/** A fresh self-signed certificate, as `lxc remote add` makes one. */
function makeCertificate(commonName: string): { pem: string; fingerprint: string } {
  const dir = mkdtempSync(join(tmpdir(), 'weft-cert-'));
  try {
    const files = ['-keyout', join(dir, 'key'), '-out', join(dir, 'cert')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1', '-nodes', '-days', '1', '-subj', `/CN=${commonName}`, ...files],
      { stdio: 'ignore' },
    );
    const pem = readFileSync(join(dir, 'cert'), 'utf8');
    return { pem, fingerprint: parseCertificate(pem).fingerprint };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

let nextAddress = 1;
const stranger = (): Meta['actor'] => ({ protocol: 'untrusted', username: '', address: `192.0.2.${nextAddress++}:4711`, projects: [] });
const client = (fingerprint: string, projects: string[] | null): Meta['actor'] => ({
  protocol: 'tls',
  username: fingerprint,
  address: '192.0.2.250:1',
  projects,
});
const add = (certificate: { pem: string; fingerprint: string }, password: string | undefined, actor: Meta['actor'], extra: object = {}) =>
  service.send(
    'certificate.add',
    { name: '', type: 'client', restricted: false, projects: [], certificatePem: certificate.pem, fingerprint: certificate.fingerprint, password, ...extra },
    { actor },
  );
const REFUSED = { ok: false, error: { code: 'auth.forbidden', message: 'not authorized' } };

async function issueToken(name: string, extra: object = {}): Promise<{ token: string; operation: { id: string; metadata: Record<string, unknown> } }> {
  const reply = await service.send('certificate.issue-token', {
    name,
    restricted: false,
    projects: [],
    serverFingerprint: 'f'.repeat(64),
    addresses: ['127.0.0.1:8443'],
    ...extra,
  });
  if (!reply.ok) throw new Error(reply.error.message);
  const operation = reply.result as { id: string; metadata: Record<string, unknown> };
  const { secret, fingerprint, addresses } = operation.metadata;
  return {
    token: Buffer.from(JSON.stringify({ client_name: name, fingerprint, addresses, secret, expires_at: '0001-01-01T00:00:00Z' })).toString('base64'),
    operation,
  };
}
const everythingStored = async () =>
  JSON.stringify(
    (
      await service.pool.query(
        `SELECT (SELECT jsonb_agg(e) FROM event e) AS events, (SELECT jsonb_agg(c) FROM command_log c) AS log, (SELECT jsonb_agg(o) FROM operation o) AS operations`,
      )
    ).rows,
  );

describe('trusted clients', () => {
  it('add certificates with any rights; the document is LXD-shaped', async () => {
    const certificate = makeCertificate('alice@host');
    expect(await add(certificate, undefined, UNRESTRICTED, { restricted: true, projects: ['default'] })).toMatchObject({ ok: true });
    const { rows } = await service.pool.query<{ doc: string; projects: string[] }>('SELECT doc, projects FROM certificate_v1 WHERE fingerprint = $1', [
      certificate.fingerprint,
    ]);
    expect(rows[0]!.projects).toEqual(['default']);
    expect(Object.keys(JSON.parse(rows[0]!.doc) as object)).toEqual(['name', 'type', 'restricted', 'projects', 'certificate', 'fingerprint']);
    expect(JSON.parse(rows[0]!.doc)).toMatchObject({ name: 'alice@host', type: 'client', restricted: true });
    expect(await add(certificate, undefined, UNRESTRICTED)).toMatchObject({ ok: false, error: { code: 'certificate.exists' } });
  });

  it('may not add any when they are restricted, nor invent projects and types', async () => {
    const certificate = makeCertificate('x');
    expect(await add(certificate, undefined, client('a', ['default']))).toMatchObject(REFUSED);
    expect(await add(certificate, undefined, UNRESTRICTED, { projects: ['nosuch'] })).toMatchObject({ ok: false, error: { code: 'project.not-found' } });
    expect(await add(certificate, undefined, UNRESTRICTED, { type: 'server' })).toMatchObject({ ok: false, error: { code: 'certificate.invalid' } });
    expect(await add({ pem: 'rubbish', fingerprint: '' }, undefined, UNRESTRICTED)).toMatchObject({ ok: false, error: { code: 'certificate.invalid' } });
  });

  it('rename and remove themselves, and nobody else', async () => {
    const [mine, other] = [makeCertificate('mine'), makeCertificate('other')];
    await add(mine, undefined, UNRESTRICTED, { restricted: true, projects: ['default'] });
    await add(other, undefined, UNRESTRICTED);
    const actor = client(mine.fingerprint, ['default']);
    const update = (fingerprint: string, change: object) => service.send('certificate.update', { fingerprint, mode: 'merge', ...change }, { actor });
    expect(await update(mine.fingerprint, { name: 'laptop' })).toMatchObject({ ok: true });
    expect(await service.doc('certificate_v1', { fingerprint: mine.fingerprint })).toMatchObject({ name: 'laptop', restricted: true });
    expect(await update(mine.fingerprint, { restricted: false })).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
    expect(await update(mine.fingerprint, { projects: [] })).toMatchObject({ ok: false, error: { code: 'auth.forbidden' } });
    expect(await update(other.fingerprint, { name: 'stolen' })).toMatchObject(REFUSED);
    expect(await service.send('certificate.delete', { fingerprint: other.fingerprint }, { actor })).toMatchObject(REFUSED);
    expect(await service.send('certificate.delete', { fingerprint: mine.fingerprint.slice(0, 12) }, { actor })).toMatchObject({ ok: true });
    expect(await service.doc('certificate_v1', { fingerprint: mine.fingerprint })).toBeUndefined();
  });

  it('renew their certificate and keep their rights', async () => {
    const [before, after] = [makeCertificate('me'), makeCertificate('me')];
    await add(before, undefined, UNRESTRICTED, { restricted: true, projects: ['default'] });
    const reply = await service.send(
      'certificate.update',
      { fingerprint: before.fingerprint, mode: 'merge', certificatePem: after.pem },
      { actor: client(before.fingerprint, ['default']) },
    );
    expect(reply).toMatchObject({ ok: true });
    expect(await service.doc('certificate_v1', { fingerprint: before.fingerprint })).toBeUndefined();
    expect(await service.doc('certificate_v1', { fingerprint: after.fingerprint })).toMatchObject({ restricted: true, projects: ['default'] });
  });
});

describe('tokens', () => {
  it('admit one client with the rights of the token, and end their operation', async () => {
    const { token, operation } = await issueToken('bob', { restricted: true, projects: ['default'] });
    const [first, second] = [makeCertificate('b1'), makeCertificate('b2')];
    const replies: CommandReply[] = await Promise.all([add(first, token, stranger()), add(second, token, stranger())]);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    expect(replies.find(({ ok }) => !ok)).toMatchObject(REFUSED);
    const winner = replies[0]!.ok ? first : second;
    expect(await service.doc('certificate_v1', { fingerprint: winner.fingerprint })).toMatchObject({ name: 'bob', restricted: true, projects: ['default'] });
    expect(await service.doc('operation_v1', { id: operation.id })).toMatchObject({ class: 'token', status: 'Success' });
    const { rows } = await service.pool.query<{ type: string }>(
      `SELECT e.type FROM event e JOIN event done ON done.command_id = e.command_id AND done.stream = $1 AND done.type = 'OperationCompleted' ORDER BY e.position`,
      [`operation-${operation.id}`],
    );
    expect(rows.map(({ type }) => type)).toEqual(['CertificateTokenUsed', 'CertificateAdded', 'OperationCompleted']);
    expect(await add(makeCertificate('b3'), token, stranger())).toMatchObject(REFUSED);
  });

  it('keep their secret out of everything that is stored', async () => {
    const { operation } = await issueToken('carol');
    expect(operation.metadata).toMatchObject({ request: { name: 'carol' }, addresses: ['127.0.0.1:8443'], secret: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await everythingStored()).not.toContain(operation.metadata.secret);
    expect(await service.doc('operation_v1', { id: operation.id })).toMatchObject({ metadata: { secret: 'hidden' }, status: 'Running' });
  });

  it('are not given out a second time when the request is repeated', async () => {
    const commandId = newId();
    const body = { name: 'dave', restricted: false, projects: [], serverFingerprint: '', addresses: [] };
    expect(await service.send('certificate.issue-token', body, { commandId, correlationId: commandId })).toMatchObject({ ok: true });
    expect(await service.send('certificate.issue-token', body, { commandId, correlationId: commandId })).toMatchObject({
      ok: false,
      error: { code: 'command.conflicting-repeat' },
    });
  });

  it('stop working when their operation is cancelled or their time is over', async () => {
    const revoked = await issueToken('erin');
    expect(await service.send('operation.cancel', { operationId: revoked.operation.id })).toMatchObject({ ok: true });
    expect(await service.doc('operation_v1', { id: revoked.operation.id })).toMatchObject({ status: 'Cancelled' });
    expect(await add(makeCertificate('e'), revoked.token, stranger())).toMatchObject(REFUSED);
    await service.send('server.update', { mode: 'merge', config: { 'core.remote_token_expiry': '1M' } });
    const late = await issueToken('frank');
    expect(late.operation.metadata.expiresAt).toEqual(expect.any(String));
    jest.useFakeTimers({
      now: Date.now() + 120_000,
      doNotFake: [
        'setImmediate',
        'clearImmediate',
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
        'nextTick',
        'queueMicrotask',
        'performance',
        'hrtime',
      ],
    });
    expect(await add(makeCertificate('f'), late.token, stranger())).toMatchObject(REFUSED);
    jest.useRealTimers();
    await service.send('server.update', { mode: 'merge', config: { 'core.remote_token_expiry': '' } });
  });

  it('are for unrestricted clients to give', async () => {
    const body = { name: 'x', restricted: false, projects: [], serverFingerprint: '', addresses: [] };
    expect(await service.send('certificate.issue-token', body, { actor: client('a', ['default']) })).toMatchObject(REFUSED);
    expect(await service.send('certificate.issue-token', body, { actor: stranger() })).toMatchObject(REFUSED);
  });
});

describe('the trust password', () => {
  it('admits whoever knows it, is shown as true and stored nowhere', async () => {
    expect(await add(makeCertificate('g'), 'sesame', stranger())).toMatchObject(REFUSED);
    expect(await service.send('server.update', { mode: 'replace', config: { 'core.trust_password': 'sesame', 'user.abc': '1' } })).toMatchObject({ ok: true });
    const { rows } = await service.pool.query<{ config_doc: string }>('SELECT config_doc FROM server_v1');
    expect(rows[0]!.config_doc).toBe('{"core.trust_password":true,"user.abc":"1"}');
    expect(await everythingStored()).not.toContain('sesame');
    expect(await add(makeCertificate('h'), 'open', stranger())).toMatchObject(REFUSED);
    expect(await add(makeCertificate('i'), 'sesame', stranger(), { type: 'metrics' })).toMatchObject(REFUSED);
    const certificate = makeCertificate('j');
    expect(await add(certificate, 'sesame', stranger(), { restricted: true, projects: ['default'] })).toMatchObject({ ok: true });
    expect(await service.doc('certificate_v1', { fingerprint: certificate.fingerprint })).toMatchObject({ restricted: false, projects: [] });
  });

  it('stays when a client sends the shown value back, and goes when it is left out', async () => {
    await service.send('server.update', { mode: 'replace', config: { 'core.trust_password': 'true', 'user.abc': '2' } });
    expect(await add(makeCertificate('k'), 'sesame', stranger())).toMatchObject({ ok: true });
    await service.send('server.update', { mode: 'replace', config: { 'user.abc': '2' } });
    expect(await add(makeCertificate('l'), 'sesame', stranger())).toMatchObject(REFUSED);
    expect((await service.pool.query('SELECT FROM secret')).rowCount).toBe(0);
  });

  it('cannot be guessed from one address', async () => {
    await service.send('server.update', { mode: 'merge', config: { 'core.trust_password': 'sesame' } });
    const actor = stranger();
    for (let n = 0; n < 10; n += 1) await add(makeCertificate('m'), `guess${n}`, { ...actor, address: actor.address.replace('4711', String(5000 + n)) });
    expect(await add(makeCertificate('n'), 'sesame', actor)).toMatchObject(REFUSED);
    expect(await add(makeCertificate('o'), 'sesame', stranger())).toMatchObject({ ok: true });
  }, 20_000);
});

describe('server configuration', () => {
  it.each([
    [{ nosuch: '1' }, "cannot set 'nosuch' to '1': unknown key"],
    [{ 'images.auto_update_interval': 'often' }, "cannot set 'images.auto_update_interval' to 'often': Invalid value for an integer"],
    [{ 'core.https_address': ':9443' }, 'WEFT_HTTPS_ADDRESS'],
    [{ 'core.remote_token_expiry': 'soon' }, 'Invalid expiry expression'],
  ])('refuses %j', async (config, message) => {
    expect(await service.send('server.update', { mode: 'merge', config })).toMatchObject({
      ok: false,
      error: { code: 'config.invalid', message: expect.stringContaining(message) },
    });
  });

  it('checks If-Match and who asks', async () => {
    const { rows } = await service.pool.query<{ etag: string }>('SELECT etag FROM server_v1');
    expect(await service.send('server.update', { mode: 'merge', ifMatch: 'old', config: {} })).toMatchObject({ ok: false, error: { code: 'etag.mismatch' } });
    expect(await service.send('server.update', { mode: 'merge', ifMatch: rows[0]!.etag, config: { 'user.k': 'v' } })).toMatchObject({ ok: true });
    expect(await service.send('server.update', { mode: 'merge', config: {} }, { actor: client('a', ['default']) })).toMatchObject(REFUSED);
  });
});

it.each([certificateProjection, serverProjection])('replay(log) = rows: $name', async (projection) => {
  await expectFoldEqualsRows(service.store, projection);
});
