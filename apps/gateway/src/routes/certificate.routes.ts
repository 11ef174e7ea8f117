import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { certificatePatch, certificatePut, certificatesPost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync, type Reply } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { EVERYTHING, listJson, recursionOf, type Collection } from '../queries/list.query';
import { serverAddresses } from './server.routes';

const COLLECTION: Collection = {
  view: 'instance.certificate_v1',
  path: ['certificates'],
  key: 'fingerprint',
  projects: false,
  columns: { fingerprint: 'fingerprint', name: 'name', type: 'type' },
};
const GET = { name: 'certificate', sql: 'select doc, etag, fingerprint from instance.certificate_v1 where fingerprint like $1 limit 2' };

export function certificateRoutes(deps: Deps): Route[] {
  const { reads, commands } = deps;
  const find = async (call: Call) => {
    const fingerprint = call.params.fingerprint ?? '';
    const rows = /^[0-9a-f]{1,64}$/.test(fingerprint) ? await reads.rows(GET, [`${fingerprint}%`]) : [];
    if (rows.length > 1) throw new WeftError('request.invalid', 'The partial fingerprint matches more than one certificate');
    if (!rows[0]) throw new WeftError('certificate.not-found', 'Certificate not found');
    return rows[0];
  };
  const update = async (call: Call<{ certificate?: string } & Record<string, unknown>>, mode: 'replace' | 'merge') => {
    const [, , fingerprint] = await find(call);
    const { certificate, ...rest } = call.body;
    const certificatePem = certificate ? pemOf(certificate) : undefined;
    await commands.send('certificate.update', { ...rest, certificatePem, mode, fingerprint, ifMatch: call.ifMatch }, call.meta());
    deps.trust.forget();
    return empty;
  };
  const one = '/1.0/certificates/:fingerprint';
  return [
    route({
      method: 'GET',
      path: '/1.0/certificates',
      summary: 'List trusted certificates',
      access: 'admin',
      handle: async (call) => sync(await listJson(reads, COLLECTION, EVERYTHING, recursionOf(call.query), call.query.filter)),
    }),
    route({
      method: 'POST',
      path: '/1.0/certificates',
      summary: 'Add a certificate, with a password or token when not trusted yet',
      access: 'public',
      body: certificatesPost,
      handle: (call) => add(deps, call),
    }),
    route({
      method: 'GET',
      path: one,
      summary: 'A trusted certificate',
      access: 'admin',
      handle: async (call) => {
        const row = await find(call);
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({
      method: 'PUT',
      path: one,
      summary: 'Replace a trusted certificate',
      access: 'admin',
      body: certificatePut,
      handle: (call) => update(call, 'replace'),
    }),
    route({
      method: 'PATCH',
      path: one,
      summary: 'Change a trusted certificate',
      access: 'admin',
      body: certificatePatch,
      handle: (call) => update(call, 'merge'),
    }),
    route({
      method: 'DELETE',
      path: one,
      summary: 'Trust a certificate no longer',
      access: 'admin',
      handle: async (call) => {
        const [, , fingerprint] = await find(call);
        await commands.send('certificate.delete', { fingerprint }, call.meta());
        deps.trust.forget();
        return empty;
      },
    }),
  ];
}

type Body = Call<{ name: string; type: string; restricted: boolean; projects: string[]; certificate: string; password: string; token: boolean }>;

/**
 * Three uses: an unrestricted client adds a certificate or asks for a token; an unknown client adds its own with the
 * trust password or a token, which the service checks. The service's refusal of a secret is always "not authorized".
 */
async function add(deps: Deps, call: Body): Promise<Reply> {
  const { name, type, restricted, projects, certificate, password, token } = call.body;
  const admin = call.actor.kind === 'unrestricted';
  if (token) {
    if (!admin) throw new WeftError('auth.forbidden', 'not authorized');
    const operation = await deps.commands.start(
      'certificate.issue-token',
      { name, restricted, projects, serverFingerprint: deps.certificate.fingerprint, addresses: serverAddresses(deps) },
      call.meta(),
    );
    return { kind: 'async', operation, project: call.project };
  }
  if (!admin && password === '') throw new WeftError('auth.forbidden', 'not authorized');
  const certificatePem = certificate === '' ? presented(call) : pemOf(certificate);
  const fingerprint = parse(certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
  const body = { name, type: type === '' ? 'client' : type, restricted, projects, certificatePem, fingerprint, ...(admin ? {} : { password }) };
  await deps.commands.send('certificate.add', body, call.meta());
  deps.trust.forget();
  return created(resourceUrl(['certificates', fingerprint]));
}

/** The certificate of the connection itself. */
function presented(call: Call): string {
  const certificate = call.raw.socket instanceof TLSSocket ? call.raw.socket.getPeerX509Certificate() : undefined;
  if (!certificate) throw new WeftError('certificate.invalid', 'No client certificate was sent');
  return certificate.toString();
}

/** LXD clients send base64 of the DER; a whole PEM is taken as well. */
function pemOf(text: string): string {
  if (text.includes('BEGIN CERTIFICATE')) return parse(text).toString();
  const base64 = text.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new WeftError('certificate.invalid', 'The certificate is not base64');
  return parse(`-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`).toString();
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new WeftError('certificate.invalid', 'The certificate is not a valid X.509 certificate', { cause: error });
  }
}
