/**
 * Files of an instance as a tar archive (GNU tar): owners by number, holes, hard links, extended attributes. Incremental
 * ones (the tar manual, "Using tar to Perform Incremental Dumps") carry what changed since the one before, and removals.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { WeftError } from '@weft/contracts';
import { diskFull, SAYS_DISK_FULL } from '../files/disk-full';
import type { Archive } from './mover';

const FAITHFUL = ['--numeric-owner', '--sparse', '--xattrs', '--xattrs-include=*', '--acls'];
/** "Some files differ": the guest changed a file while it was read. The next pass has it. */
const CHANGED_MEANWHILE = 1;

/** Names below a directory; none begins with a dash. */
export interface PackedPart {
  dir: string;
  names: readonly string[];
}

export interface PackOptions {
  /** Where tar notes what it has seen: level 0 when there is no such file. */
  notes?: string;
  /** The files are in use: that some change meanwhile is no failure. */
  inUse?: boolean;
}

export function pack(parts: readonly PackedPart[], { notes, inUse = false }: PackOptions = {}): Archive {
  const incremental = notes === undefined ? [] : [`--listed-incremental=${notes}`, '--no-check-device'];
  const child = spawn('tar', ['--create', '--file=-', ...FAITHFUL, ...incremental, ...parts.flatMap(({ dir, names }) => [`--directory=${dir}`, ...names])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  const done = ended(child, 'packed').then((code) => {
    if (code !== 0 && !(inUse && code === CHANGED_MEANWHILE))
      throw new WeftError('task.failed', `Files of the instance could not be packed: tar ended with ${code}`);
  });
  done.catch(() => child.stdout.destroy());
  return { stream: child.stdout, done };
}

export interface UnpackOptions {
  /** What an incremental archive says is gone goes. */
  removals?: boolean;
  /** A file at the top of the archive, and its name here; letters and dots. */
  renamed?: readonly [name: string, here: string];
}

/** Unpacks below `dir`. */
export async function unpack(dir: string, archive: Readable, { removals = false, renamed }: UnpackOptions = {}): Promise<void> {
  // Of members, not of what links point to (the tar manual, "Modifying File and Member Names").
  const renaming = renamed ? [`--transform=s,^${renamed[0].replaceAll('.', '\\.')}$,${renamed[1]},rSH`] : [];
  const child = spawn(
    'tar',
    ['--extract', '--file=-', '--preserve-permissions', '--same-owner', ...FAITHFUL, ...(removals ? ['--incremental'] : []), ...renaming, `--directory=${dir}`],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    },
  );
  const done = ended(child, 'unpacked');
  const fed = feed(archive, child.stdin).catch((error: unknown) => {
    child.kill('SIGKILL');
    return error as Error;
  });
  const [code, problem] = await Promise.all([done.catch((error: unknown) => error as Error), fed]);
  // What the sender says comes first: an archive that breaks off is no fault of tar's.
  if (problem) throw problem;
  if (code instanceof Error) throw code;
  if (code !== 0) throw new WeftError('task.failed', `Files of the instance could not be unpacked: tar ended with ${code}`);
}

/** All of the archive is read, also when tar has seen its end: only then is it known that it was sent whole. */
async function feed(archive: Readable, into: Writable): Promise<void> {
  let open = true;
  const closed = new Promise<void>((resolve) => {
    const close = () => {
      open = false;
      resolve();
    };
    into.once('close', close).once('error', close);
  });
  for await (const chunk of archive) if (open && !into.write(chunk)) await Promise.race([once(into, 'drain'), closed]);
  into.end();
}

/**
 * A file that changed within the clock tick in which tar began may carry the tick before as its time: the next level
 * shall look one second further back. The notes begin "GNU tar-<version>-2\n<seconds>\0<nanoseconds>\0".
 */
export async function lookFurtherBack(notes: string): Promise<void> {
  const text = await readFile(notes, 'latin1');
  await writeFile(
    notes,
    text.replace(/^(GNU tar-[^\n]*\n)(\d+)/, (_all, head: string, seconds: string) => `${head}${Number(seconds) - 1}`),
    'latin1',
  );
}

function ended(child: ChildProcess, what: string): Promise<number> {
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-4_096)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (SAYS_DISK_FULL.test(words)) reject(diskFull());
      else if (signal) reject(new WeftError('task.failed', `Files of the instance could not be ${what}: tar was ended by ${signal}`));
      else if (code !== 0 && code !== CHANGED_MEANWHILE) reject(new WeftError('task.failed', `Files of the instance could not be ${what}: ${words.trim()}`));
      else resolve(code ?? 0);
    });
  });
}
