import type { Name, NameKey } from '../names/name';
import type { RecordSet } from './zone-record';

/** What the zone has at a name. Without sets it is an empty non-terminal: it exists because names below it do (RFC 4592). */
export interface ZoneNode {
  readonly owner: Name;
  /** Few: looked through one by one. */
  readonly sets: readonly RecordSet[];
  /** Names below this one that have records. */
  readonly descendants: number;
}

export type ZonePart = ReadonlyMap<NameKey, ZoneNode>;

const SHARDS = 256;
const NOTHING: ZonePart = new Map();

/** The first label tells names of one zone apart. */
const shardOf = (key: NameKey): number => {
  let hash = key.length;
  for (let at = key.charCodeAt(0); at > 0; at--) hash = (hash * 31 + key.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 8)) & (SHARDS - 1);
};

/**
 * Nodes by name, immutable: a change copies 1/256 of the table for each name that it touches, so that a zone of 100,000
 * names takes a change in microseconds while a transfer still reads the table as it was.
 */
export class OwnerTable {
  static readonly empty = new OwnerTable(
    Array.from({ length: SHARDS }, () => NOTHING),
    0,
  );

  private constructor(
    readonly shards: readonly ZonePart[],
    readonly size: number,
  ) {}

  get(key: NameKey): ZoneNode | undefined {
    return this.shards[shardOf(key)]!.get(key);
  }

  /** Runs `change` on a draft and freezes it; this table stays as it is. */
  change(change: (draft: OwnerTableDraft) => void): OwnerTable {
    const shards = [...this.shards];
    const own = new Map<number, Map<NameKey, ZoneNode>>();
    let size = this.size;
    const writable = (index: number): Map<NameKey, ZoneNode> => {
      let shard = own.get(index);
      if (!shard) {
        shard = new Map(shards[index]);
        own.set(index, shard);
        shards[index] = shard;
      }
      return shard;
    };
    change({
      get: (key) => shards[shardOf(key)]!.get(key),
      set: (key, node) => {
        const shard = writable(shardOf(key));
        if (!shard.has(key)) size++;
        shard.set(key, node);
      },
      delete: (key) => {
        if (writable(shardOf(key)).delete(key)) size--;
      },
    });
    return new OwnerTable(shards, size);
  }
}

export interface OwnerTableDraft {
  get(key: NameKey): ZoneNode | undefined;
  set(key: NameKey, node: ZoneNode): void;
  delete(key: NameKey): void;
}
