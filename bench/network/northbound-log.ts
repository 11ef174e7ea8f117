/**
 * What was committed to a northbound database, read from the file that ovsdb-server appends every transaction to
 * (ovsdb(7), "Database File Format"): records of a line `OVSDB JSON <bytes> <sha1>` and JSON. ovn-nbctl leaves a comment
 * there; a change of ours raises `nb_cfg`. What ovn-northd writes back does neither, and is not counted.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

interface Transaction {
  _comment?: string;
  NB_Global?: Record<string, { nb_cfg?: number } | null>;
}

export class NorthboundLog {
  constructor(private readonly file: string) {}

  /** A place in the file, to count from. */
  mark(): { inode: number; bytes: number } {
    const { ino, size } = statSync(this.file);
    return { inode: ino, bytes: size };
  }

  /** Transactions that changed something, since a mark. @throws Error when the server has compacted the file meanwhile */
  changesSince({ inode, bytes }: { inode: number; bytes: number }): number {
    const now = this.mark();
    if (now.inode !== inode || now.bytes < bytes) throw new Error(`${this.file} was compacted in the middle of a measurement; run it again`);
    return transactionsIn(this.read(bytes, now.bytes)).filter(isChange).length;
  }

  private read(from: number, to: number): Buffer {
    const buffer = Buffer.alloc(to - from);
    const file = openSync(this.file, 'r');
    readSync(file, buffer, 0, buffer.length, from);
    closeSync(file);
    return buffer;
  }
}

function* records(bytes: Buffer): Generator<Transaction> {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\n', at);
    const length = Number(/^OVSDB (?:JSON|CLUSTER) (\d+) /.exec(bytes.toString('latin1', at, end))?.[1]);
    if (!Number.isInteger(length)) throw new Error('A record of the northbound database was not understood');
    at = end + 1 + length;
    yield JSON.parse(bytes.toString('utf8', end + 1, at)) as Transaction;
  }
}

const transactionsIn = (bytes: Buffer): Transaction[] => [...records(bytes)];

const isChange = ({ _comment, NB_Global }: Transaction): boolean =>
  (_comment ?? '').startsWith('ovn-nbctl') || Object.values(NB_Global ?? {}).some((row) => row?.nb_cfg !== undefined);
