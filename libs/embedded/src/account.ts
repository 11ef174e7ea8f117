import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { eventually } from './eventually';

const run = promisify(execFile);

/** Whom a server process runs as; undefined means "as we are". */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * The system account of an embedded server. Postgres refuses to run as root, and no server needs root's powers.
 * Created on first use (a machine-wide, password-less, shell-less account); undefined when we are not root ourselves.
 */
export const serverAccount = async (name: string): Promise<Account | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const known = await findAccount(name);
  if (known) return known;
  const made = await run('useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', name]).catch(
    (error: Error) => error,
  );
  // Two processes may race to create it, and the loser finds the file locked: what counts is that it is there.
  return eventually(() => findAccount(name), { timeoutMs: 5000, what: `the system account ${name}` }).catch((error: Error) => {
    throw new Error(`cannot create the system account ${name}`, { cause: made instanceof Error ? made : error });
  });
};

const findAccount = async (name: string): Promise<Account | undefined> => {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
};
