/**
 * Records as blocks of octets that hold at any place of any message whose question is the apex: the only pointers in
 * them lead to the question's name, which stands at the same place always.
 *
 *   owner up to the apex, pointer 12 | type class TTL length | data        once more for each record
 */
import type { Name } from '../names/name';
import { TYPE } from '../records/record-type';
import { CLASS, HEADER_OCTETS, POINTER } from '../wire/header';
import { MAX_MESSAGE_OCTETS } from '../wire/message-writer';
import type { RecordSet } from '../zone/zone-record';

/** What a block has at most, unless it is a single record: several make a message. */
const BLOCK_OCTETS = 8_192;
/** Type, class, TTL, length of the data. */
const RECORD_HEAD_OCTETS = 10;

export interface Block {
  readonly octets: Buffer;
  readonly records: number;
}

export class BlockWriter {
  private readonly octets = Buffer.allocUnsafeSlow(BLOCK_OCTETS + MAX_MESSAGE_OCTETS);
  private at = 0;
  private records = 0;
  private blocks: Block[] = [];

  /** @param apex in the letters of the question */
  write(apex: Name, sets: Iterable<RecordSet>): readonly Block[] {
    for (const set of sets) {
      for (const rdata of set.rdatas) {
        if (this.at + set.owner.length + RECORD_HEAD_OCTETS + rdata.length > BLOCK_OCTETS) this.finish();
        this.record(apex, set, rdata);
      }
    }
    this.finish();
    const { blocks } = this;
    this.blocks = [];
    return blocks;
  }

  private record(apex: Name, { owner, type, ttlSeconds }: RecordSet, rdata: string): void {
    const { octets } = this;
    this.name(owner, 0, owner.length, apex);
    const head = this.at;
    octets[head] = type >> 8;
    octets[head + 1] = type;
    octets[head + 2] = 0;
    octets[head + 3] = CLASS.IN;
    octets.writeUInt32BE(ttlSeconds, head + 4);
    this.at = head + RECORD_HEAD_OCTETS;
    this.data(apex, type, rdata);
    const length = this.at - head - RECORD_HEAD_OCTETS;
    octets[head + 8] = length >> 8;
    octets[head + 9] = length;
    this.records++;
  }

  /** Names in data are compressed where all name servers read them so (RFC 3597 section 4). */
  private data(apex: Name, type: number, rdata: string): void {
    const { length } = rdata;
    switch (type) {
      case TYPE.NS:
      case TYPE.CNAME:
      case TYPE.PTR:
        this.name(rdata, 0, length, apex);
        return;
      case TYPE.MX:
        this.plain(rdata, 0, 2);
        this.name(rdata, 2, length, apex);
        return;
      default:
        this.plain(rdata, 0, length);
    }
  }

  private name(text: string, start: number, end: number, apex: Name): void {
    const own = end - apex.length;
    if (!endsWithName(text, start, own, apex)) {
      this.plain(text, start, end);
      return;
    }
    this.plain(text, start, own);
    this.octets[this.at++] = POINTER;
    this.octets[this.at++] = HEADER_OCTETS;
  }

  private plain(text: string, start: number, end: number): void {
    if (end - start > 64) {
      this.at += this.octets.write(text.slice(start, end), this.at, 'latin1');
      return;
    }
    for (let index = start; index < end; index++) this.octets[this.at++] = text.charCodeAt(index);
  }

  private finish(): void {
    if (this.records === 0) return;
    // Not of the pool: a kept block must not keep others alive.
    const octets = Buffer.allocUnsafeSlow(this.at);
    this.octets.copy(octets, 0, 0, this.at);
    this.blocks.push({ octets, records: this.records });
    this.at = 0;
    this.records = 0;
  }
}

/** Does a label of `text` begin at `own`, and all from there equal `apex`, letter by letter? */
const endsWithName = (text: string, start: number, own: number, apex: Name): boolean => {
  if (own < start || !text.endsWith(apex)) return false;
  let label = start;
  while (label < own) label += text.charCodeAt(label) + 1;
  return label === own;
};
