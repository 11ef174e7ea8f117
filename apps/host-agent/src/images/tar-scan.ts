/** Reads a tarball from begin to end and hands each entry to a visitor. */
import type { Readable } from 'node:stream';
import { WeftError } from '@weft/contracts';
import { extract, type Entry, type Headers } from 'tar-stream';
import { decompress, type Compression } from './image-format';

/** tar-stream fills in the extended header (POSIX.1-2001 pax), which its type declaration leaves out. */
export type TarHeader = Headers & { pax?: Readonly<Record<string, string>> };

/** A visitor may read the entry's content; what it leaves is skipped. */
export type TarVisitor = (header: TarHeader, content: Readable) => Promise<void> | void;

/** @throws WeftError image.invalid when it is no sound tarball, or what the visitor throws */
export async function scanTar(path: string, compression: Compression, visit: TarVisitor): Promise<void> {
  const source = decompress(path, compression);
  try {
    await scanTarStream(source.stream, visit);
    await source.done;
  } catch (error) {
    // A decompressor that has failed explains why its output made no sense; one that still works has no part in it.
    if (source.stream.readableEnded) await source.done;
    throw error;
  } finally {
    source.kill();
  }
}

export async function scanTarStream(stream: Readable, visit: TarVisitor): Promise<void> {
  const parser = extract();
  const broken = new Promise<never>((_resolve, reject) => stream.once('error', reject));
  broken.catch(() => undefined);
  stream.pipe(parser);
  try {
    await Promise.race([broken, visitAll(parser, visit)]);
  } catch (error) {
    if (error instanceof WeftError || isSystemError(error)) throw error;
    throw new WeftError('image.invalid', `The image is not a sound tarball: ${(error as Error).message}`, { cause: error });
  }
}

async function visitAll(parser: AsyncIterable<Entry>, visit: TarVisitor): Promise<void> {
  let count = 0;
  for await (const entry of parser) {
    count += 1;
    await visit(entry.header, entry);
    entry.resume();
  }
  if (count === 0) throw new WeftError('image.invalid', 'The image is an empty archive');
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
