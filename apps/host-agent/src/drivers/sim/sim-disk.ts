/**
 * A file tree in memory that fits a JSON file: the disk of a simulated guest. Ownership is only written down, so that
 * it works for an ordinary user, and no path can lead out of it because there is no outside.
 */
import { posix } from 'node:path';
import { z } from 'zod';
import { WeftError } from '@weft/contracts';

const node = z.object({
  type: z.enum(['file', 'directory', 'symlink']),
  uid: z.number(),
  gid: z.number(),
  mode: z.number(),
  /** Files: base64. Links: the target. */
  content: z.string().default(''),
});
export type SimNode = z.infer<typeof node>;
export const simDiskSchema = z.record(z.string(), node);
export type SimDiskData = z.infer<typeof simDiskSchema>;

/** A simulated disk is for small files: the whole of it is written at each change. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_LINKS = 40;

const directory = (mode = 0o755): SimNode => ({ type: 'directory', uid: 0, gid: 0, mode, content: '' });
const file = (text: string): SimNode => ({ type: 'file', uid: 0, gid: 0, mode: 0o644, content: Buffer.from(text).toString('base64') });

export const freshDisk = (name: string): SimDiskData => ({
  '/': directory(),
  '/bin': directory(),
  '/etc': directory(),
  '/etc/hostname': file(`${name}\n`),
  '/root': directory(0o700),
  '/run': directory(),
  '/tmp': directory(0o1777),
});

/** What is in memory only: a guest that boots finds it empty, one that goes on keeps it. */
const MEMORY = '/run/';
const STATE = `${MEMORY}.state`;

export const withoutMemory = (data: SimDiskData): SimDiskData => Object.fromEntries(Object.entries(data).filter(([path]) => !path.startsWith(MEMORY)));
export const withState = (data: SimDiskData): SimDiskData => ({ ...data, [STATE]: file('') });
export const hasState = (data: SimDiskData): boolean => data[STATE] !== undefined;

export class SimDisk {
  constructor(readonly data: SimDiskData) {}

  /** The path with every link on the way followed; the last part only when `followLast`. */
  resolve(path: string, followLast: boolean, budget = MAX_LINKS): string {
    let at = '/';
    const parts = posix.resolve('/', path).split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      const next = posix.join(at, part);
      const found = this.data[next];
      const isLast = index === parts.length - 1;
      if (found?.type === 'symlink' && (!isLast || followLast)) {
        if (budget === 0) throw new WeftError('file.invalid', `Too many symbolic links on the way to "${path}"`);
        const rest = parts.slice(index + 1);
        return this.resolve(posix.join(posix.resolve(at, found.content), ...rest), followLast, budget - 1);
      }
      at = next;
    }
    return at;
  }

  get(path: string, followLast = false): { path: string; node: SimNode } {
    const resolved = this.resolve(path, followLast);
    const found = this.data[resolved];
    if (!found) throw new WeftError('file.not-found', `There is no file "${path}"`);
    return { path: resolved, node: found };
  }

  list(path: string): string[] {
    const { path: at, node: found } = this.get(path, true);
    if (found.type !== 'directory') throw new WeftError('file.invalid', `"${path}" is not a directory`);
    return Object.keys(this.data)
      .filter((other) => other !== '/' && posix.dirname(other) === at)
      .map((other) => posix.basename(other))
      .sort();
  }

  read(path: string): Buffer {
    const { node: found } = this.get(path, true);
    if (found.type !== 'file') throw new WeftError('file.invalid', `"${path}" is not a file`);
    return Buffer.from(found.content, 'base64');
  }

  write(path: string, content: Buffer, options: { uid: number; gid: number; mode: number; append: boolean }): void {
    const at = this.resolve(path, true);
    const present = this.data[at];
    if (present && present.type !== 'file') throw new WeftError('file.invalid', `"${path}" is not a file`);
    if (!present) this.requireParent(at, path);
    if (present && options.append) present.content = Buffer.concat([Buffer.from(present.content, 'base64'), content]).toString('base64');
    else this.data[at] = { type: 'file', uid: options.uid, gid: options.gid, mode: options.mode, content: content.toString('base64') };
  }

  make(path: string, made: SimNode): void {
    const at = this.resolve(path, false);
    const present = this.data[at];
    if (present?.type === made.type && made.type === 'directory') return;
    if (present) throw new WeftError('file.invalid', `"${path}" exists already`);
    this.requireParent(at, path);
    this.data[at] = made;
  }

  remove(path: string): void {
    const { path: at } = this.get(path);
    if (at === '/') throw new WeftError('file.invalid', 'The root directory cannot be removed');
    if (Object.keys(this.data).some((other) => posix.dirname(other) === at)) throw new WeftError('file.invalid', `The directory "${path}" is not empty`);
    delete this.data[at];
  }

  private requireParent(at: string, shown: string): void {
    const parent = this.data[posix.dirname(at)];
    if (!parent) throw new WeftError('file.not-found', `There is no directory for "${shown}"`);
    if (parent.type !== 'directory') throw new WeftError('file.invalid', `"${posix.dirname(shown)}" is not a directory`);
  }
}
