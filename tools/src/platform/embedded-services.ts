import { freePort, SUPERUSER, startNatsServer, startPostgresServer, writePidFile, type NatsUser } from '@weft/embedded';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { Places } from '../places';
import type { Service } from '../supervise/supervisor';
import { canListen } from './can-listen';
import { prepareDatabase, type ServiceRole } from './database';

/** libpq's name for a server behind a unix socket. */
export const socketUrl = (at: Places, database: string, role: string, password?: string): string =>
  `postgres://${role}${password ? `:${password}` : ''}@/${database}?host=${encodeURIComponent(at.postgresRun)}`;

/**
 * Postgres on a unix socket, no TCP port. The superuser is whoever runs the launcher, known by the socket (peer
 * authentication); services come with a password.
 */
export const postgresService = (at: Places, roles: readonly ServiceRole[]): Service => ({
  name: 'postgres',
  after: [],
  start: async () => {
    mkdirSync(at.postgresRun, { recursive: true });
    const hba = join(at.postgresRun, 'pg_hba.conf');
    const ident = join(at.postgresRun, 'pg_ident.conf');
    writeFileSync(hba, `local all ${SUPERUSER} peer map=weft\nlocal all all scram-sha-256\n`);
    writeFileSync(ident, `weft ${userInfo().username} ${SUPERUSER}\n`);
    const postgres = await startPostgresServer({
      dataDir: at.postgresData,
      socketDir: at.postgresRun,
      logFile: at.logFile('postgres'),
      settings: { hba_file: hba, ident_file: ident },
    });
    writePidFile(at.pidFile('postgres'), postgres.process.identity.pid);
    await prepareDatabase((database) => socketUrl(at, database, SUPERUSER), roles);
    return postgres;
  },
});

export const natsService = (at: Places, host: string, port: number, users: readonly NatsUser[]): Service => ({
  name: 'nats',
  after: [],
  start: async () => {
    const nats = await startNatsServer({ storeDir: at.natsData, configFile: at.natsConfig, logFile: at.logFile('nats'), host, port, users });
    writePidFile(at.pidFile('nats'), nats.process.identity.pid);
    return nats;
  },
});

/** The port of the last start when it is still free, so that what is connected finds the server again. */
export const natsPort = async (at: Places, host: string): Promise<number> => {
  mkdirSync(dirname(at.natsPort), { recursive: true });
  const last = Number(readTextOrEmpty(at.natsPort));
  const port = last > 0 && (await canListen(host, last)) ? last : await freePort();
  writeFileSync(at.natsPort, `${port}\n`);
  return port;
};

const readTextOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
