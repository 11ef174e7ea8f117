/** Secrets are in tables of their own, never in events or views. */
import type { ClientBase } from 'pg';
import type { Queryable } from './find-resources';

export async function findSecretHash(db: Queryable, key: string): Promise<string | undefined> {
  const { rows } = await db.query<{ hash: string }>('SELECT hash FROM secret WHERE key = $1', [key]);
  return rows[0]?.hash;
}

export async function storeSecretHash(client: ClientBase, key: string, hash: string): Promise<void> {
  await client.query('INSERT INTO secret (key, hash) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET hash = excluded.hash', [key, hash]);
}

export async function forgetSecret(client: ClientBase, key: string): Promise<void> {
  await client.query('DELETE FROM secret WHERE key = $1', [key]);
}

/** Remembers a new token and forgets those that expired or were revoked. */
export async function storeTokenHash(client: ClientBase, operationId: string, hash: string, expiresAt: string | null): Promise<void> {
  await client.query(
    `DELETE FROM certificate_token t WHERE expires_at < now() OR EXISTS (SELECT FROM operation o WHERE o.id = t.operation_id AND o.status_code >= 200)`,
  );
  await client.query('INSERT INTO certificate_token (operation_id, secret_hash, expires_at) VALUES ($1, $2, $3)', [operationId, hash, expiresAt]);
}

/** The operation that issued the token with this secret, as long as that is good. */
export async function findTokenOperation(db: Queryable, hash: string): Promise<string | undefined> {
  const { rows } = await db.query<{ operation_id: string }>(
    'SELECT operation_id FROM certificate_token WHERE secret_hash = $1 AND (expires_at IS NULL OR expires_at > now())',
    [hash],
  );
  return rows[0]?.operation_id;
}

export async function forgetToken(client: ClientBase, operationId: string): Promise<void> {
  await client.query('DELETE FROM certificate_token WHERE operation_id = $1', [operationId]);
}
