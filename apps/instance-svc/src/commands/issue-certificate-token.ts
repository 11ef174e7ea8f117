import { randomBytes } from 'node:crypto';
import { WeftError, type LxdOperation } from '@weft/contracts';
import { executeOnce } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { certificateTokenStream } from '../domain/certificate.state';
import { hashTokenSecret } from '../domain/certificate-token';
import { expiryAfter } from '../domain/config-values';
import { TOKEN_EXPIRY_KEY } from '../domain/server.config-keys';
import { SERVER_STREAM, serverFold } from '../domain/server.state';
import { storeTokenHash } from '../queries/find-secrets';
import { requireUnrestricted } from './authorize';
import { requireProjects } from './require-projects';
import { startOperation } from './operations';

/**
 * What lists and events show instead of a token's secret. It has to be text: without it, LXD's client would not
 * recognise the operation as a token and could neither list nor revoke it.
 */
const SECRET_HIDDEN = 'hidden';

/** The secret is made here, leaves in this one reply and is kept as a hash: not in the operation, not in the command log. */
export const issueCertificateToken: CommandHandler<'certificate.issue-token'> = async (deps, meta, body) => {
  requireUnrestricted(meta);
  const secret = randomBytes(32).toString('hex');
  const { result, cursor, repeated } = await executeOnce<LxdOperation>(deps, meta, 'certificate.issue-token', body, async (uow) => {
    await requireProjects(deps.pool, body.projects);
    const { state: server } = await uow.load(serverFold, SERVER_STREAM);
    const expiresAt = expiryAfter(uow.now, server.config[TOKEN_EXPIRY_KEY] ?? '')?.toISOString() ?? null;
    const { name, restricted, projects, serverFingerprint, addresses } = body;
    const operation = startOperation(deps, uow, meta, {
      class: 'token',
      description: 'Executing operation',
      resources: null,
      metadata: { secret: SECRET_HIDDEN, fingerprint: serverFingerprint, addresses, request: { name }, ...(expiresAt ? { expiresAt } : {}) },
      mayCancel: true,
      location: 'none',
      timeLimitMs: expiresAt ? new Date(expiresAt).getTime() - uow.now.getTime() : null,
    });
    uow.append(certificateTokenStream(operation.id), [
      { type: 'CertificateTokenIssued', data: { operationId: operation.id, name, restricted, projects, expiresAt } },
    ]);
    uow.inTransaction((client) => storeTokenHash(client, operation.id, hashTokenSecret(secret), expiresAt));
    return operation;
  });
  if (repeated)
    throw new WeftError('command.conflicting-repeat', 'This token was issued already and its secret is shown only once: revoke it and ask for a new one');
  return { result: { ...result, metadata: { ...result.metadata, secret } }, cursor };
};
