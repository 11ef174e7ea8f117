/**
 * What a host keeps of a live migration, beside the instance: `migration.json` and the secret. That it is under way is
 * known from here; how far it has come, from QEMU itself.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { moveEndpoint, switchoverResult } from '@weft/contracts';
import { QmpError, type QmpClient } from '@weft/qmp';
import { z } from 'zod';
import { readJson, writeDurably } from '../../files/durable-file';
import { withMonitor } from './vm-monitor';
import type { VmPaths } from './vm-paths';

/** The pause that the guest may have, and how fast its memory has gone. */
export const nearHandOver = z.object({ allowedMs: z.number(), bytesPerSecond: z.number() });
export type NearHandOver = z.infer<typeof nearHandOver>;

const recordSchema = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('source'),
    migrationId: z.string(),
    /** memory: a hand-over may have happened. handed-over: it has. */
    phase: z.enum(['disk', 'memory', 'handed-over']),
    wasRunning: z.boolean(),
    /** What is left of the memory goes in the pause. */
    near: nearHandOver.optional(),
    result: switchoverResult.optional(),
  }),
  z.object({ role: z.literal('target'), migrationId: z.string(), key: z.string(), endpoint: moveEndpoint.optional() }),
]);
export type MigrationRecord = z.infer<typeof recordSchema>;
export type SourceRecord = Extract<MigrationRecord, { role: 'source' }>;
export type TargetRecord = Extract<MigrationRecord, { role: 'target' }>;

const placeOf = (paths: VmPaths) => join(paths.dir, 'migration.json');
const secretsOf = (paths: VmPaths) => join(paths.dir, 'tls');

export const readMigration = (paths: VmPaths): Promise<MigrationRecord | undefined> => readJson(placeOf(paths), recordSchema);
export const writeMigration = (paths: VmPaths, record: MigrationRecord): Promise<void> => writeDurably(placeOf(paths), JSON.stringify(record));

export async function forgetMigration(paths: VmPaths): Promise<void> {
  await rm(placeOf(paths), { force: true });
  await rm(secretsOf(paths), { recursive: true, force: true });
}

export const UNLIMITED_BYTES_PER_SECOND = 10e9;

/** The id of the credentials in QEMU, and the name that both sides use with the key. */
export const CREDENTIALS = 'weft-move-tls';
const USER = 'weft';

/**
 * The group ffdhe2048 (RFC 7919, appendix A.1; `openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048`). Without the file
 * QEMU looks for primes of its own before it serves, and answers nothing meanwhile: seconds, on a busy host many.
 */
const FFDHE2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`;

/** TLS with a key that both sides know (QEMU manual, "TLS setup for network services": TLS pre-shared keys). */
export async function addCredentials(paths: VmPaths, key: string, endpoint: 'client' | 'server'): Promise<void> {
  await mkdir(secretsOf(paths), { recursive: true, mode: 0o700 });
  await writeDurably(join(secretsOf(paths), 'dh-params.pem'), FFDHE2048);
  await writeDurably(join(secretsOf(paths), 'keys.psk'), `${USER}:${key}\n`);
  await withMonitor(paths, async (qmp) => {
    await removeCredentials(qmp);
    await qmp.execute('object-add', {
      'qom-type': 'tls-creds-psk',
      id: CREDENTIALS,
      dir: secretsOf(paths),
      endpoint,
      ...(endpoint === 'client' ? { username: USER } : {}),
    });
  });
}

const removeCredentials = (qmp: QmpClient): Promise<void> => unlessRefused(qmp.execute('object-del', { id: CREDENTIALS }));

/** What a move has set, either side: the next way of the memory, into a file or to another host, begins without it. */
export async function forgetSettings(qmp: QmpClient): Promise<void> {
  const capabilities = (['pause-before-switchover', 'auto-converge', 'return-path', 'events', 'late-block-activate', 'dirty-bitmaps'] as const).map(
    (capability) => ({
      capability,
      state: false,
    }),
  );
  await unlessRefused(qmp.execute('migrate-set-capabilities', { capabilities }));
  await unlessRefused(qmp.execute('migrate-set-parameters', { 'tls-creds': '', 'avail-switchover-bandwidth': 0, 'max-bandwidth': UNLIMITED_BYTES_PER_SECOND }));
  await removeCredentials(qmp);
}

/** For what is taken down and may not be there. */
export async function unlessRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof QmpError)) throw error;
  });
}
