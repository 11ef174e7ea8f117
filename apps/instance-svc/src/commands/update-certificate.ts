import { WeftError, type Meta } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideCertificate } from '../domain/certificate.decider';
import { parseCertificate } from '../domain/certificate.pem';
import { certificateFold, certificateStream } from '../domain/certificate.state';
import type { Deps } from '../instance.deps';
import { isUnrestricted } from './authorize';
import { requireProjects } from './require-projects';

/**
 * Unrestricted clients change any certificate, others only their own name and the certificate itself (renewal).
 * Another certificate in the body replaces the entry: its fingerprint is its identity.
 */
export const updateCertificate: CommandHandler<'certificate.update'> = (deps, meta, body) =>
  execute(deps, meta, 'certificate.update', body, async (uow) => {
    const fingerprint = await wholeFingerprint(deps, body.fingerprint);
    const asOwner = checkMayChange(meta, fingerprint);
    await requireProjects(deps.pool, body.projects ?? []);
    const stream = certificateStream(fingerprint);
    const { state } = await uow.load(certificateFold, stream);
    const { mode, ifMatch, name, type: certificateType, restricted, projects } = body;
    const events = decideCertificate({ type: 'update', mode, ifMatch, name, certificateType, restricted, projects, asOwner }, state);
    const renewed = body.certificatePem ? parseCertificate(body.certificatePem) : undefined;
    if (!renewed || renewed.fingerprint === fingerprint) {
      uow.append(stream, events);
      return {};
    }
    const { state: other } = await uow.load(certificateFold, certificateStream(renewed.fingerprint));
    const after = events.reduce(certificateFold.evolve, state);
    if (after.status !== 'trusted') throw new WeftError('certificate.not-found', 'Certificate not found');
    const { status: _status, ...content } = after;
    uow.append(stream, decideCertificate({ type: 'remove' }, state));
    const certificate = { ...content, fingerprint: renewed.fingerprint, certificate: renewed.pem };
    uow.append(certificateStream(renewed.fingerprint), decideCertificate({ type: 'add', certificate }, other));
    return {};
  });

export const deleteCertificate: CommandHandler<'certificate.delete'> = (deps, meta, body) =>
  execute(deps, meta, 'certificate.delete', body, async (uow) => {
    const fingerprint = await wholeFingerprint(deps, body.fingerprint);
    checkMayChange(meta, fingerprint);
    const { state } = await uow.load(certificateFold, certificateStream(fingerprint));
    uow.append(certificateStream(fingerprint), decideCertificate({ type: 'remove' }, state));
    return {};
  });

/** Clients may shorten a fingerprint (LXD takes any unique beginning). */
async function wholeFingerprint(deps: Deps, prefix: string): Promise<string> {
  const notFound = (): WeftError => new WeftError('certificate.not-found', 'Certificate not found');
  if (!/^[0-9a-f]{1,64}$/i.test(prefix)) throw notFound();
  const { rows } = await deps.pool.query<{ fingerprint: string }>("SELECT fingerprint FROM certificate WHERE fingerprint LIKE $1 || '%' LIMIT 2", [
    prefix.toLowerCase(),
  ]);
  if (rows.length > 1) throw new WeftError('request.invalid', `More than one certificate has a fingerprint that begins with "${prefix}"`);
  if (!rows[0]) throw notFound();
  return rows[0].fingerprint;
}

/** True when the actor may act as the certificate's owner only. @throws WeftError `auth.forbidden` */
function checkMayChange(meta: Meta, fingerprint: string): boolean {
  if (isUnrestricted(meta)) return false;
  if (meta.actor.protocol === 'tls' && meta.actor.username === fingerprint) return true;
  throw new WeftError('auth.forbidden', 'not authorized');
}
