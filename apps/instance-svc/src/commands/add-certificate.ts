/**
 * Who may add a certificate:
 *
 *   unrestricted client, no password   any certificate, with any rights
 *   anybody with an open token         one certificate, with the rights written into the token
 *   anybody with the trust password    one unrestricted client certificate
 *
 * Whatever is wrong with a secret looks the same to a stranger: 403 "not authorized".
 */
import { WeftError, type InstanceCommandBody, type Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { createAttemptLimiter } from './attempt-limiter';
import { hashPassword, verifyPassword } from './password-hash';
import { decideCertificate, useCertificateToken } from '../domain/certificate.decider';
import { parseCertificate, type ParsedCertificate } from '../domain/certificate.pem';
import { certificateFold, certificateStream, certificateTokenFold, certificateTokenStream } from '../domain/certificate.state';
import { hashTokenSecret, secretOfToken } from '../domain/certificate-token';
import { operationFold, operationStream } from '../domain/operation.state';
import { TRUST_PASSWORD_KEY } from '../domain/server.config-keys';
import type { Deps } from '../instance.deps';
import { findSecretHash, findTokenOperation, forgetToken } from '../queries/find-secrets';
import { isUnrestricted } from './authorize';
import { endOperation } from './operations';
import { requireProjects } from './require-projects';

type Body = InstanceCommandBody<'certificate.add'>;
interface Rights {
  name: string;
  type: string;
  restricted: boolean;
  projects: string[];
  /** The operation of the token that gave them. */
  tokenOperation?: string;
}

const attempts = createAttemptLimiter();
/** Hashed when no trust password is set, so that the answer takes as long as a wrong one. */
const nobodysPassword = hashPassword('');
const refusal = (): WeftError => new WeftError('auth.forbidden', 'not authorized');

export const addCertificate: CommandHandler<'certificate.add'> = async (deps, meta, body) => {
  const { password = '', ...logged } = body;
  if (password === '' && !isUnrestricted(meta)) throw refusal();
  const parsed = parseCertificate(body.certificatePem);
  if (password !== '' && !attempts.take(meta.actor.address)) throw refusal();
  try {
    // The secret stays out of the command log.
    const done = await execute(deps, meta, 'certificate.add', logged, async (uow) => {
      const { tokenOperation, ...rights } = await rightsOf(deps, meta, uow, body, password, parsed);
      const { state } = await uow.load(certificateFold, certificateStream(parsed.fingerprint));
      const certificate = { ...rights, name: rights.name || parsed.commonName, fingerprint: parsed.fingerprint, certificate: parsed.pem };
      uow.append(certificateStream(parsed.fingerprint), decideCertificate({ type: 'add', certificate }, state));
      // Last: who waits for the operation finds the certificate there.
      if (tokenOperation !== undefined) await endOperation(uow, tokenOperation, { status: 'Success' });
      return { fingerprint: parsed.fingerprint };
    });
    if (password !== '') attempts.giveBack(meta.actor.address);
    return done;
  } catch (error) {
    const wasGuess = error instanceof WeftError && error.code === 'auth.forbidden';
    if (password !== '' && !wasGuess) attempts.giveBack(meta.actor.address);
    throw error;
  }
};

async function rightsOf(deps: Deps, meta: Meta, uow: UnitOfWork, body: Body, password: string, parsed: ParsedCertificate): Promise<Rights> {
  const { name, type, restricted, projects } = body;
  if (parsed.notAfter <= uow.now) throw new WeftError('certificate.invalid', 'The certificate has expired');
  if (password === '') {
    await requireProjects(deps.pool, projects);
    return { name, type: type || 'client', restricted, projects };
  }
  if (type !== '' && type !== 'client') throw refusal();
  const secret = secretOfToken(password);
  if (secret !== undefined) return useToken(deps, uow, secret, parsed.fingerprint);
  const stored = await findSecretHash(deps.pool, TRUST_PASSWORD_KEY);
  const right = await verifyPassword(password, stored ?? (await nobodysPassword));
  if (!right || stored === undefined) throw refusal();
  return { name, type: 'client', restricted: false, projects: [] };
}

/** One use: the token's stream takes one CertificateTokenUsed, whoever comes second loads it or fails to append. */
async function useToken(deps: Deps, uow: UnitOfWork, secret: string, fingerprint: string): Promise<Rights> {
  const operationId = await findTokenOperation(deps.pool, hashTokenSecret(secret));
  if (operationId === undefined) throw refusal();
  const { state: operation } = await uow.load(operationFold, operationStream(operationId));
  // Revoking a token is ending its operation.
  if (operation.status !== 'running') throw refusal();
  const { state: token } = await uow.load(certificateTokenFold, certificateTokenStream(operationId));
  const events = useCertificateToken(operationId, fingerprint, token, uow.now);
  if (token.status !== 'open') throw refusal();
  uow.append(certificateTokenStream(operationId), events);
  uow.inTransaction((client) => forgetToken(client, operationId));
  return { name: token.name, type: 'client', restricted: token.restricted, projects: token.projects, tokenOperation: operationId };
}
