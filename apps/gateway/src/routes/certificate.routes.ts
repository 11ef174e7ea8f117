import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { certificatePatch, certificatePut, certificatesPost, WeftError } from '@weft/contracts';
import type { Row } from '../clients/read.client';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync, started, type Reply } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
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

const ALL = '/1.0/certificates';
const ONE = `${ALL}/:fingerprint`;

export const certificateRoutes = (deps: Deps): Route[] => [
  route({
    method: 'GET',
    path: ALL,
    summary: 'List trusted certificates',
    access: 'admin',
    handle: async (call) => sync(await listJson(deps.reads, COLLECTION, EVERYTHING, recursionOf(call.query), call.query.filter)),
  }),
  route({
    method: 'POST',
    path: ALL,
    summary: 'Add a certificate, with a password or token when not trusted yet',
    access: 'public',
    body: certificatesPost,
    handle: (call) => add(deps, call),
  }),
  ...objectRoutes(deps),
];

async function find({ reads }: Deps, call: Call): Promise<Row> {
  const fingerprint = call.params.fingerprint ?? '';
  const rows = /^[0-9a-f]{1,64}$/.test(fingerprint) ? await reads.rows(GET, [`${fingerprint}%`]) : [];
  if (rows.length > 1) throw new WeftError('request.invalid', 'The partial fingerprint matches more than one certificate');
  if (!rows[0]) throw new WeftError('certificate.not-found', 'Certificate not found');
  return rows[0];
}

function objectRoutes(deps: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ONE, summary, access: 'admin' as const });
  const update = async (call: Call<{ certificate?: string } & Record<string, unknown>>, mode: 'replace' | 'merge') => {
    const [, , fingerprint] = await find(deps, call);
    const { certificate, ...rest } = call.body;
    const certificatePem = certificate ? pemOf(certificate) : undefined;
    await deps.commands.send('certificate.update', { ...rest, certificatePem, mode, fingerprint, ifMatch: call.ifMatch }, call.meta());
    deps.trust.forget();
    return empty;
  };
  return [
    route({
      ...define('GET', 'A trusted certificate'),
      handle: async (call) => {
        const row = await find(deps, call);
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a trusted certificate'), body: certificatePut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change a trusted certificate'), body: certificatePatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('DELETE', 'Trust a certificate no longer'),
      handle: async (call) => {
        const [, , fingerprint] = await find(deps, call);
        await deps.commands.send('certificate.delete', { fingerprint }, call.meta());
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
    return started(operation, call);
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
