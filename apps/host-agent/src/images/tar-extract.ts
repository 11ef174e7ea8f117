/**
 * Unpacks a tarball from a stranger into a directory, as root.
 *
 *   archive --> decompressor --> tar-stream --> guard, owner shift --> tar-stream --> GNU tar -x
 *
 * Why so: checking a listing first and unpacking afterwards would trust that two programs read the archive alike.
 * Here GNU tar never sees the stranger's bytes, only an archive that we have written from the entries that the guard
 * admitted (archive-entry.ts). tar-stream parses in memory-safe code; GNU tar has three decades of practice in
 * writing trees: it sets owners before modes (so set-id bits survive), extended attributes, hard links and times,
 * and holds back symbolic links that point outside until all else is written. The owner shift for unprivileged
 * containers happens on the way, so no second walk over the tree is needed.
 */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WeftError } from '@weft/contracts';
import { pack, type Headers, type Pack } from 'tar-stream';
import { EntryGuard, type EntryDecision } from './archive-entry';
import { runTool } from './child-process';
import { shiftAttributes } from './extended-attributes';
import type { TarHeader, TarVisitor } from './tar-scan';

export interface ExtractOptions {
  /** The directory of the archive to unpack, "" for all of it. */
  prefix: string;
  /** Host uid = base + uid in the archive, for 0..65535; `null` keeps owners. */
  idmapBase: number | null;
  limits: { unpackedBytes: number; entries: number };
}

/** Ids that a container has; images that use higher ones cannot be shifted. */
const ID_RANGE = 65536;

/** `scan` reads the archive and calls the visitor for each entry; `target` is an existing, empty directory. */
export async function extractTar(scan: (visit: TarVisitor) => Promise<void>, target: string, options: ExtractOptions): Promise<void> {
  const guard = new EntryGuard(options.prefix, options.limits);
  const output = pack();
  const owners = process.getuid?.() === 0 ? ['--numeric-owner', '--same-owner'] : ['--no-same-owner'];
  const tar = runTool(['tar', '-x', '-f', '-', '-C', target, '--same-permissions', '--delay-directory-restore', '--xattrs', '--xattrs-include=*', ...owners]);
  const writing = pipeline(output, tar.stdin);
  writing.catch(() => undefined);
  try {
    await Promise.race([scan((header, content) => copyEntry(guard, output, header, content, options.idmapBase)), failure(tar.done), failure(writing)]);
    output.finalize();
    await Promise.all([writing, tar.done]);
  } catch (error) {
    output.destroy();
    tar.kill();
    throw error;
  }
}

/** Never resolves; rejects when the promise does. */
const failure = (promise: Promise<void>): Promise<never> => new Promise((_resolve, reject) => promise.catch(reject));

async function copyEntry(guard: EntryGuard, output: Pack, header: TarHeader, content: Readable, idmapBase: number | null): Promise<void> {
  const sparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse'));
  const decision = guard.examine({ name: header.name, type: header.type, linkname: header.linkname, size: header.size ?? 0, sparse });
  if (!decision.keep) return;
  for (const parent of decision.parents)
    await addEntry(output, { name: parent || '.', type: 'directory', mode: 0o755, mtime: header.mtime, pax: owner(0, 0, idmapBase) });
  const rewritten = rewrite(header, decision, idmapBase);
  if (decision.type === 'file') await pipeline(content, output.entry(rewritten));
  else await addEntry(output, rewritten);
}

function rewrite(header: TarHeader, decision: Extract<EntryDecision, { keep: true }>, idmapBase: number | null): TarHeader {
  const id = (key: 'uid' | 'gid') => Number(header.pax?.[key] ?? header[key] ?? 0);
  return {
    name: decision.path || '.',
    type: decision.type,
    mode: header.mode,
    mtime: header.mtime,
    size: decision.type === 'file' ? header.size : 0,
    ...(decision.target === undefined ? {} : { linkname: decision.target }),
    // In the extended header, because ids above 2097151 do not fit the old one.
    pax: { ...owner(id('uid'), id('gid'), idmapBase), ...shiftAttributes(header.pax ?? {}, idmapBase) },
  };
}

function owner(uid: number, gid: number, idmapBase: number | null): Record<string, string> {
  const shift = (id: number) => {
    if (!Number.isInteger(id) || id < 0 || (idmapBase !== null && id >= ID_RANGE))
      throw new WeftError('image.invalid', `The image has a file of owner ${id}, which a container cannot have`);
    return String(id + (idmapBase ?? 0));
  };
  return { uid: shift(uid), gid: shift(gid) };
}

function addEntry(output: Pack, header: TarHeader): Promise<void> {
  return new Promise((resolve, reject) => {
    output.entry(header as Headers, (error) => (error ? reject(error) : resolve()));
  });
}
