import { randomBytes } from 'node:crypto';
import { WeftError, type LxdOperation, type Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { executeOnce, type CommandResult } from '@weft/service';
import { hashTokenSecret } from '../domain/certificate-token';
import { expiryAfter } from '../domain/config-values';
import { SERVER_STREAM, serverFold } from '../domain/server.state';
import type { Deps } from '../instance.deps';
import { storeTokenHash } from '../queries/find-secrets';
import { startOperation } from './operations';

/**
 * What lists and events show instead of a token's secret. It has to be text: without it, LXD's client would not
 * recognise the operation as a token and could neither list nor revoke it.
 */
const SECRET_HIDDEN = 'hidden';

export interface TokenRequest {
  command: string;
  body: unknown;
  /** Of the server's configuration: how long a token is good for; `defaultExpiry` when it is not set, "" for ever. */
  expiryKey: string;
  defaultExpiry: string;
  metadata: Record<string, unknown>;
  /** What else happens with it; in the same transaction. */
  issued(uow: UnitOfWork, operation: LxdOperation, expiresAt: string | null): Promise<void>;
}

/** The secret is made here, leaves in this one reply and is kept as a hash: not in the operation, not in the command log. */
export async function issueToken(deps: Deps, meta: Meta, request: TokenRequest): Promise<CommandResult> {
  const secret = randomBytes(32).toString('hex');
  const { result, cursor, repeated } = await executeOnce<LxdOperation>(deps, meta, request.command, request.body, async (uow) => {
    const { state: server } = await uow.load(serverFold, SERVER_STREAM);
    const expiresAt = expiryAfter(uow.now, server.config[request.expiryKey] ?? request.defaultExpiry)?.toISOString() ?? null;
    const operation = startOperation(deps, uow, meta, {
      class: 'token',
      description: 'Executing operation',
      resources: null,
      metadata: { secret: SECRET_HIDDEN, ...request.metadata, ...(expiresAt ? { expiresAt } : {}) },
      mayCancel: true,
      location: 'none',
      timeLimitMs: expiresAt ? new Date(expiresAt).getTime() - uow.now.getTime() : null,
    });
    await request.issued(uow, operation, expiresAt);
    uow.inTransaction((client) => storeTokenHash(client, operation.id, hashTokenSecret(secret), expiresAt));
    return operation;
  });
  if (repeated)
    throw new WeftError('command.conflicting-repeat', 'This token was issued already and its secret is shown only once: revoke it and ask for a new one');
  return { result: { ...result, metadata: { ...result.metadata, secret } }, cursor };
}
