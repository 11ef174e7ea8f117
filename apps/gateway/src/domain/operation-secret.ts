/**
 * Secrets of operation websockets, derived instead of stored (ADR 0004): any replica can verify one.
 *
 *   secret(operation, fd) = hex(HMAC-SHA256(key, operationId + "/" + fd))
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const EXEC_FDS = { interactive: ['0', 'control'], plain: ['0', '1', '2', 'control'] } as const;
/** Channels of a migration: what LXD's clients call them -> fd, which tells them from those of exec. */
export const MIGRATION_FDS = { control: 'migration-control', fs: 'migration-fs' } as const;
export type MigrationChannel = keyof typeof MIGRATION_FDS;
const ALL_FDS = ['0', '1', '2', 'control', MIGRATION_FDS.control, MIGRATION_FDS.fs] as const;
export type Fd = (typeof ALL_FDS)[number];

export const operationSecret = (key: Buffer, operationId: string, fd: Fd): string => createHmac('sha256', key).update(`${operationId}/${fd}`).digest('hex');

/** `metadata.fds` of the reply that created an operation. */
export const operationFds = (key: Buffer, operationId: string, fds: readonly Fd[]): Record<string, string> =>
  Object.fromEntries(fds.map((fd) => [fd, operationSecret(key, operationId, fd)]));

/** `metadata` of the reply that began a migration: nothing but text, and nothing but secrets, which the stock client counts on. */
export const migrationSecrets = (key: Buffer, operationId: string): Record<MigrationChannel, string> => ({
  control: operationSecret(key, operationId, MIGRATION_FDS.control),
  fs: operationSecret(key, operationId, MIGRATION_FDS.fs),
});

/** The channel that a secret opens; undefined for a wrong secret. */
export function fdOfSecret(key: Buffer, operationId: string, secret: string): Fd | undefined {
  const given = Buffer.from(secret);
  return ALL_FDS.find((fd) => {
    const expected = Buffer.from(operationSecret(key, operationId, fd));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
