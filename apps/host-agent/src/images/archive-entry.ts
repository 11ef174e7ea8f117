/**
 * Which entries of an archive may be unpacked (pure). An archive is refused whole when one entry
 *
 *   - has an absolute name, or one with `..`, or with a part longer than a file name may be;
 *   - would be written through a symbolic link of the archive (whatever that points to), or below a file;
 *   - replaces an earlier entry;
 *   - is a hard link to something that is not an earlier file of the same tree;
 *   - has a kind that we do not know (sparse formats included).
 *
 * Symbolic links may point anywhere: they are only ever followed inside of the guest's root.
 * Device nodes and sockets are left out: a container's /dev is not taken from its image.
 */
import { WeftError } from '@weft/contracts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'link' | 'fifo';
export type EntryDecision = { keep: false } | { keep: true; path: string; type: EntryType; target?: string; parents: string[] };

export interface EntryFacts {
  name: string;
  type: string | null | undefined;
  linkname?: string | null;
  size: number;
  sparse: boolean;
}

const MAX_PATH_BYTES = 4095;
const MAX_PART_BYTES = 255;
const SKIPPED: ReadonlySet<string> = new Set(['character-device', 'block-device']);
const KEPT: Readonly<Record<string, EntryType>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'link',
  fifo: 'fifo',
};

const refuse = (why: string): never => {
  throw new WeftError('image.invalid', `The image is refused: ${why}`);
};

/** The normal form of a name in an archive: no leading `./`, no trailing slash; "" is the root of the archive. */
export function archivePath(name: string): string {
  if (name.includes('\0')) refuse('a file name contains a zero byte');
  if (name.startsWith('/')) refuse(`the name "${name}" is absolute`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) refuse(`the name "${name}" leads out of the image`);
  if (Buffer.byteLength(name) > MAX_PATH_BYTES || parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES)) refuse('a file name is too long');
  return parts.join('/');
}

/** Examines entries in their order; `prefix` is the directory of the archive that is unpacked ("" for all of it). */
export class EntryGuard {
  private readonly seen = new Map<string, EntryType>();
  private bytes = 0;
  private count = 0;

  constructor(
    private readonly prefix: string,
    private readonly limits: { unpackedBytes: number; entries: number },
  ) {}

  /** @throws WeftError image.invalid */
  examine(entry: EntryFacts): EntryDecision {
    this.charge(entry);
    const path = this.inside(archivePath(entry.name));
    if (path === undefined || SKIPPED.has(entry.type ?? '')) return { keep: false };
    const type = entry.sparse ? undefined : KEPT[entry.type ?? ''];
    if (!type) return refuse(`"${entry.name}" has the unsupported kind "${entry.sparse ? 'sparse' : entry.type}"`);
    if (path === '' && type !== 'directory') refuse('its root is not a directory');
    const parents = this.missingParents(path);
    this.place(path, type);
    if (type === 'link') return { keep: true, path, type, target: this.hardLinkTarget(entry), parents };
    if (type === 'symlink') return { keep: true, path, type, target: this.symlinkTarget(entry), parents };
    return { keep: true, path, type, parents };
  }

  private charge(entry: EntryFacts): void {
    this.count += 1;
    this.bytes += Math.max(entry.size, 0);
    if (this.count > this.limits.entries) refuse(`it has more than ${this.limits.entries} files`);
    if (this.bytes > this.limits.unpackedBytes) refuse(`it unpacks to more than ${this.limits.unpackedBytes} bytes`);
  }

  /** The path below the prefix; undefined when it is not below it. */
  private inside(path: string): string | undefined {
    if (this.prefix === '') return path;
    if (path === this.prefix) return '';
    return path.startsWith(`${this.prefix}/`) ? path.slice(this.prefix.length + 1) : undefined;
  }

  /** Directories on the way that the archive did not name itself, outermost first. */
  private missingParents(path: string): string[] {
    const parts = path.split('/');
    const missing: string[] = [];
    for (let depth = 0; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/');
      const type = this.seen.get(parent);
      if (type === 'directory' || path === '') continue;
      if (type) refuse(`"${path}" lies below "${parent}", which is no directory`);
      this.seen.set(parent, 'directory');
      missing.push(parent);
    }
    return missing;
  }

  private place(path: string, type: EntryType): void {
    const before = this.seen.get(path);
    if (before && !(before === 'directory' && type === 'directory')) refuse(`"${path}" is there twice`);
    this.seen.set(path, type);
  }

  private hardLinkTarget(entry: EntryFacts): string {
    const target = this.inside(archivePath(entry.linkname ?? ''));
    const type = target === undefined ? undefined : this.seen.get(target);
    if (target === undefined || (type !== 'file' && type !== 'link'))
      return refuse(`"${entry.name}" is a hard link to something that is not an earlier file of the image`);
    return target;
  }

  private symlinkTarget(entry: EntryFacts): string {
    const target = entry.linkname ?? '';
    if (target === '' || target.includes('\0') || Buffer.byteLength(target) > MAX_PATH_BYTES) refuse(`the symbolic link "${entry.name}" has no usable target`);
    return target;
  }
}
