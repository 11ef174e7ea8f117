import { renderNatsUsers } from '@weft/embedded';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseRoles, memberNames, natsUsers, passwordsIn } from '../platform/credentials';
import { prepareDatabase } from '../platform/database';
import { UserError } from '../settings';

/**
 * For platforms that the launcher does not run (containers): makes what is missing below `WEFT_SECRETS_DIR` (passwords,
 * `nats-users.conf`) and, with `WEFT_POSTGRES_ADMIN_URL`, database, roles and rights.
 */
export const credentials = async (env: NodeJS.ProcessEnv, memberCount: number): Promise<void> => {
  const dir = env.WEFT_SECRETS_DIR;
  if (!dir) throw new UserError('WEFT_SECRETS_DIR must name a directory');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const password = passwordsIn(dir);
  writeFileSync(join(dir, 'nats-users.conf'), renderNatsUsers(natsUsers(memberNames(memberCount), password)), { mode: 0o600 });
  const adminUrl = env.WEFT_POSTGRES_ADMIN_URL;
  if (adminUrl) await prepareDatabase((database) => withDatabase(adminUrl, database), databaseRoles(password));
};

const withDatabase = (adminUrl: string, database: string): string => {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
};
