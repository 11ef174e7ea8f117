/**
 * Real secondaries for tests: BIND, Knot, NSD and PowerDNS, each unprivileged on a port of its own on 127.0.0.1.
 *
 *   const secondaries = await startSecondaries({ zones: ['lab.example'], primary: { address: '127.0.0.1', port }, key });
 *   notify: secondaries.all.map(({ kind, port }) => ({ name: kind, address: '127.0.0.1', port, key }))
 *   await secondaries.haveSerial('lab.example', 7);
 *   const records = await secondaries.records('lab.example');      // by kind, each as sorted lines
 */
import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, endProcess, freePort, isAlive, serverAccount, signalProcess, startTied, type TiedProcess } from '@weft/embedded';
import { eventually, scratchDir } from '@weft/testing';
import { type SecondaryKind, type SecondaryProgram, SECONDARY_PROGRAMS, type SecondaryZones } from './secondary-configs';

export type { SecondaryKind, SecondaryZones };

export interface Secondary {
  readonly kind: SecondaryKind;
  readonly port: number;
  readonly logFile: string;
  /** Of the zone that it has; undefined while it has none. */
  serial(zone: string): Promise<number | undefined>;
  /** Resident, in bytes; for benches. */
  readonly pid: number;
  kill9(): Promise<void>;
  /** With the zones that it had. */
  restart(): Promise<void>;
}

export interface Secondaries {
  readonly all: readonly Secondary[];
  /** Until each of them has the zone at this serial. */
  haveSerial(zone: string, serial: number, timeoutMs?: number): Promise<void>;
  /** What each of them serves, as `zoneRecords` gives it. */
  records(zone: string): Promise<Record<string, string[]>>;
  stop(): Promise<void>;
}

const ACCOUNT = 'weft-nameserver';
const SCHEMA = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';
const ALL: readonly SecondaryKind[] = ['bind', 'knot', 'nsd', 'pdns'];
const run = promisify(execFile);

export const startSecondaries = async (zones: SecondaryZones, kinds: readonly SecondaryKind[] = ALL): Promise<Secondaries> => {
  const scratch = await scratchDir();
  const account = await serverAccount(ACCOUNT);
  const attempts = await Promise.allSettled(kinds.map((kind) => startSecondary(kind, join(scratch.path, kind), zones, account)));
  const started = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(({ end }) => end()));
    await scratch.remove();
  };
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const all = started.map(({ secondary }) => secondary);
  const haveSerial = async (zone: string, serial: number, timeoutMs = 60_000): Promise<void> => {
    await Promise.all(
      all.map((secondary) =>
        eventually(async () => (await secondary.serial(zone)) === serial, { timeoutMs, what: `${secondary.kind} to have serial ${serial}` }),
      ),
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await logs(all)}`, { cause: error });
    });
  };
  const records = async (zone: string): Promise<Record<string, string[]>> =>
    Object.fromEntries(await Promise.all(all.map(async ({ kind, port }) => [kind, await zoneRecords(port, zone)] as const)));
  return { all, haveSerial, records, stop };
};

/** The whole zone by AXFR from a server at 127.0.0.1: "owner ttl type value", owners in lower case, sorted. Empty when it gives none. */
export const zoneRecords = async (port: number, zone: string, digArgs: readonly string[] = []): Promise<string[]> => {
  const args = ['@127.0.0.1', '-p', String(port), zone, 'AXFR', '+onesoa', '+noall', '+answer', '+time=60', '+tries=1', ...digArgs];
  const { stdout } = await run('dig', args, { maxBuffer: 2 ** 28 }).catch((error: { stdout: string }) => error);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';') && !/\sTSIG\s/.test(line))
    .map((line) => {
      const [owner = '', ttl = '', , ...rest] = line.split(/\s+/);
      return [owner.toLowerCase(), ttl, ...rest].join(' ');
    })
    .sort();
};

const logs = async (all: readonly Secondary[]): Promise<string> =>
  (await Promise.all(all.map(async ({ kind, logFile }) => `--- ${kind}\n${(await readFile(logFile, 'utf8')).split('\n').slice(-15).join('\n')}`))).join('\n');

const startSecondary = async (kind: SecondaryKind, directory: string, zones: SecondaryZones, account: Account | undefined) => {
  const port = await freePort();
  const program = SECONDARY_PROGRAMS[kind]({ directory, port }, zones);
  await prepare(kind, directory, program, account);
  const logFile = join(directory, 'log');
  const start = (): TiedProcess => startTied({ command: program.command, args: program.args, account, cwd: directory, logFile, deathSignal: 'SIGKILL' });
  let process = start();
  const answers = (): Promise<unknown> => untilAnswers(kind, port, process, logFile);
  const end = (): Promise<void> => endProcess(process.identity, 'SIGTERM', 10_000);
  await answers();
  const secondary: Secondary = {
    kind,
    port,
    logFile,
    get pid() {
      return process.identity.pid;
    },
    serial: (zone) => serialAt(port, zone),
    kill9: async () => {
      signalProcess(process.identity, 'SIGKILL');
      await process.exited;
    },
    restart: async () => {
      await end();
      process = start();
      await answers();
    },
  };
  return { secondary, end };
};

const prepare = async (kind: SecondaryKind, directory: string, program: SecondaryProgram, account: Account | undefined): Promise<void> => {
  for (const [path, text] of Object.entries(program.files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text, { mode: 0o600 });
  }
  if (kind === 'bind') {
    await copyFile('/usr/sbin/named', program.command);
    await chmod(program.command, 0o755);
  }
  if (program.sql !== undefined) await run('sqlite3', [join(directory, 'pdns.sqlite3'), `.read ${SCHEMA}`, program.sql]);
  if (account) await giveTo(account, directory);
};

const giveTo = async (account: Account, directory: string): Promise<void> => {
  await chown(directory, account.uid, account.gid);
  for (const path of await readdir(directory, { recursive: true })) await chown(join(directory, path), account.uid, account.gid);
};

const untilAnswers = async (kind: SecondaryKind, port: number, process: TiedProcess, logFile: string): Promise<void> => {
  const outcome = await eventually(async () => (isAlive(process.identity) ? (await soa(port, '.')) && 'ready' : 'ended'), {
    timeoutMs: 60_000,
    what: `${kind} to answer`,
  });
  if (outcome === 'ended') throw new Error(`${kind} did not start:\n${(await readFile(logFile, 'utf8')).split('\n').slice(-15).join('\n')}`);
};

/** What dig prints, any status; empty when nobody answers. */
const soa = async (port: number, zone: string): Promise<string> => {
  const args = ['@127.0.0.1', '-p', String(port), zone, 'SOA', '+norec', '+time=2', '+tries=1', '+noall', '+comments', '+answer'];
  const { stdout } = await run('dig', args).catch((error: { stdout: string }) => error);
  return stdout.includes('status:') ? stdout : '';
};

const serialAt = async (port: number, zone: string): Promise<number | undefined> => {
  const serial = /\sSOA\s+\S+\s+\S+\s+(\d+)\s/.exec(await soa(port, zone))?.[1];
  return serial === undefined ? undefined : Number(serial);
};
