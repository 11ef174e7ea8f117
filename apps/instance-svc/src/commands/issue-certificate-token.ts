import type { CommandHandler } from '../api/command-handler';
import { certificateTokenStream } from '../domain/certificate.state';
import { TOKEN_EXPIRY_KEY } from '../domain/server.config-keys';
import { requireUnrestricted } from './authorize';
import { issueToken } from './issue-token';
import { requireProjects } from './require-projects';

export const issueCertificateToken: CommandHandler<'certificate.issue-token'> = async (deps, meta, body) => {
  requireUnrestricted(meta);
  const { name, restricted, projects, serverFingerprint, addresses } = body;
  return issueToken(deps, meta, {
    command: 'certificate.issue-token',
    body,
    expiryKey: TOKEN_EXPIRY_KEY,
    defaultExpiry: '',
    metadata: { fingerprint: serverFingerprint, addresses, request: { name } },
    async issued(uow, { id }, expiresAt) {
      await requireProjects(deps.pool, projects);
      uow.append(certificateTokenStream(id), [{ type: 'CertificateTokenIssued', data: { operationId: id, name, restricted, projects, expiresAt } }]);
    },
  });
};
