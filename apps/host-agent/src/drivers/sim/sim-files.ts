import { Readable } from 'node:stream';
import { WeftError } from '@weft/contracts';
import type { GuestFiles } from '../driver';
import { MAX_FILE_BYTES, type SimDisk } from './sim-disk';

/** File access to a simulated disk; `change` runs a change on the current disk and saves it. */
export function simFiles(load: () => Promise<SimDisk>, change: (work: (disk: SimDisk) => void) => Promise<void>): GuestFiles {
  return {
    stat: async (path) => {
      const { node } = (await load()).get(path);
      const sizeBytes = node.type === 'file' ? Buffer.byteLength(node.content, 'base64') : node.content.length;
      return { type: node.type, uid: node.uid, gid: node.gid, mode: node.mode, sizeBytes };
    },
    read: async (path) => Readable.from([(await load()).read(path)]),
    readlink: async (path) => {
      const { node } = (await load()).get(path);
      if (node.type !== 'symlink') throw new WeftError('file.invalid', `"${path}" is not a symbolic link`);
      return node.content;
    },
    list: async (path) => (await load()).list(path),
    write: async (path, content, options) => {
      const whole = await readBounded(content);
      await change((disk) => disk.write(path, whole, options));
    },
    mkdir: (path, options) => change((disk) => disk.make(path, { type: 'directory', content: '', ...options })),
    symlink: (path, target, options) => change((disk) => disk.make(path, { type: 'symlink', content: target, mode: 0o777, ...options })),
    remove: (path) => change((disk) => disk.remove(path)),
    close: () => Promise.resolve(),
  };
}

async function readBounded(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content) {
    const bytes = Buffer.from(chunk as Buffer | string);
    size += bytes.length;
    if (size > MAX_FILE_BYTES) throw new WeftError('request.too-large', `A simulated disk holds files up to ${MAX_FILE_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
