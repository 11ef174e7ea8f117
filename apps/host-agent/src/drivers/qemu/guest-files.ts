/**
 * Files of a running guest through its agent: content by the agent's file calls, the rest by small programs that every
 * Linux guest has. Everything happens inside the guest, as its root, so no path can lead out of it.
 */
import { PassThrough, type Readable } from 'node:stream';
import { WeftError } from '@weft/contracts';
import { type GuestAgentClient, QmpError } from '@weft/qmp';
import type { FileStat, GuestFiles } from '../driver';
import { runInGuest } from './guest-run';

const CHUNK_BYTES = 192 * 1024;
const TYPES: Readonly<Record<number, FileStat['type']>> = { 0o100000: 'file', 0o040000: 'directory', 0o120000: 'symlink' };

export function guestFiles(agent: GuestAgentClient, release: () => void): GuestFiles {
  const run = (path: string, args: readonly string[]) => runChecked(agent, path, args);
  const own = async (path: string, { uid, gid, mode }: { uid: number; gid: number; mode?: number }) => {
    await run('chown', ['-h', `${uid}:${gid}`, path]);
    if (mode !== undefined && mode >= 0) await run('chmod', [mode.toString(8), path]);
  };
  return {
    stat: async (path) => parseStat(path, await run('stat', ['-c', '%f %u %g %s', '--', path])),
    read: async (path) => {
      if (parseStat(path, await run('stat', ['-L', '-c', '%f %u %g %s', '--', path])).type !== 'file')
        throw new WeftError('file.invalid', `${path} is not a file`);
      return readContent(agent, path);
    },
    readlink: async (path) => (await run('readlink', ['--', path])).replace(/\n$/, ''),
    list: async (path) => {
      // With a slash behind it a link to a directory is followed.
      const found = await run('find', [`${path}/`, '-mindepth', '1', '-maxdepth', '1', '-print0']);
      return found
        .split('\0')
        .filter((entry) => entry !== '')
        .map((entry) => entry.slice(entry.lastIndexOf('/') + 1))
        .sort();
    },
    write: async (path, content, { append, ...owner }) => {
      const isNew = (await runInGuest(agent, 'test', ['-e', path])).code !== 0;
      await writeContent(agent, path, content, append);
      if (!append || isNew) await own(path, owner);
    },
    mkdir: async (path, owner) => {
      const there = (await runInGuest(agent, 'test', ['-d', path])).code === 0;
      if (there) return;
      await run('mkdir', ['--', path]);
      await own(path, owner);
    },
    symlink: async (path, target, owner) => {
      await run('ln', ['-sfn', '--', target, path]);
      await own(path, owner);
    },
    remove: async (path) => {
      if (path.replaceAll('/', '') === '') throw new WeftError('file.invalid', 'The root directory cannot be removed');
      const type = parseStat(path, await run('stat', ['-c', '%f %u %g %s', '--', path])).type;
      await run(type === 'directory' ? 'rmdir' : 'rm', ['--', path]);
    },
    close: () => Promise.resolve(release()),
  };
}

async function runChecked(agent: GuestAgentClient, path: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInGuest(agent, path, args);
  if (code === 0) return stdout;
  throw fileError(stderr.trim() || `${path} ended with ${code}`, args[args.length - 1] ?? '');
}

/** The guest's own words decide; busybox and coreutils agree on these. */
function fileError(words: string, path: string, cause?: Error): WeftError {
  if (/No such file|[Nn]ot a directory/.test(words)) return new WeftError('file.not-found', `${path}: no such file or directory`, { cause });
  if (/No space left/.test(words)) return new WeftError('disk.full', `The disk of the guest is full: ${path}`, { cause });
  return new WeftError('file.invalid', words, { cause });
}

function parseStat(path: string, text: string): FileStat {
  const [rawMode = '', uid, gid, size] = text.trim().split(' ');
  const bits = parseInt(rawMode, 16);
  const type = TYPES[bits & 0o170000];
  if (!type) throw new WeftError('file.invalid', `${path} is neither a file nor a directory nor a link`);
  return { type, uid: Number(uid), gid: Number(gid), mode: bits & 0o7777, sizeBytes: Number(size) };
}

async function open(agent: GuestAgentClient, path: string, mode: string): Promise<number> {
  return agent.execute('guest-file-open', { path, mode }).catch((error: unknown) => {
    throw error instanceof QmpError ? fileError(error.description, path, error) : error;
  });
}

async function readContent(agent: GuestAgentClient, path: string): Promise<Readable> {
  const handle = await open(agent, path, 'r');
  const output = new PassThrough();
  const copy = async () => {
    try {
      for (;;) {
        const { 'buf-b64': data, eof, count } = await agent.execute('guest-file-read', { handle, count: CHUNK_BYTES });
        if (count > 0 && !output.write(Buffer.from(data, 'base64'))) await drained(output);
        if (eof || output.destroyed) break;
      }
      output.end();
    } catch (error) {
      output.destroy(error as Error);
    } finally {
      await agent.execute('guest-file-close', { handle }).catch(() => undefined);
    }
  };
  void copy();
  return output;
}

const drained = (stream: PassThrough): Promise<void> =>
  new Promise((resolve) => {
    stream.once('drain', resolve);
    stream.once('close', resolve);
  });

async function writeContent(agent: GuestAgentClient, path: string, content: Readable, append: boolean): Promise<void> {
  const handle = await open(agent, path, append ? 'a' : 'w');
  try {
    for await (const piece of content) {
      const bytes = Buffer.from(piece as Uint8Array | string);
      for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
        await agent.execute('guest-file-write', { handle, 'buf-b64': bytes.subarray(from, from + CHUNK_BYTES).toString('base64') });
      }
    }
    await agent.execute('guest-file-flush', { handle });
  } catch (error) {
    throw error instanceof QmpError ? fileError(error.description, path, error) : error;
  } finally {
    await agent.execute('guest-file-close', { handle }).catch(() => undefined);
  }
}
