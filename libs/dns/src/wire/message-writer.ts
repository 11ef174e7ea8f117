/**
 * Writes one message after the other into one buffer: no allocation per record, names compressed (RFC 1035 section 4.1.4),
 * in the data of the types of RFC 1035 only (RFC 3597 section 4). A name is compressed only by one of the same case, so
 * that no record's letters change.
 */
import type { Name } from '../names/name';
import { TYPE } from '../records/record-type';
import type { Rdata } from '../zone/zone-record';
import { CLASS, HEADER_OCTETS, POINTER, POINTER_LIMIT } from './header';

export const MAX_MESSAGE_OCTETS = 65_535;
const MAX_RECORD_OCTETS = 255 + 10 + 65_535;

export type Section = 'answer' | 'authority' | 'additional';
const COUNT_AT: Readonly<Record<Section, number>> = { answer: 6, authority: 8, additional: 10 };

export interface WriterMark {
  readonly at: number;
  readonly counts: readonly [number, number, number];
}

export class MessageWriter {
  private readonly octets = Buffer.alloc(MAX_MESSAGE_OCTETS + MAX_RECORD_OCTETS);
  private readonly names = new Map<string, number>();
  private at = HEADER_OCTETS;
  private limit = MAX_MESSAGE_OCTETS;
  private lastOwner: string | undefined;
  private lastOwnerAt = 0;

  /** @param question octets of the question section as they came; it names what answers may point to */
  begin(options: { id: number; flags: number; question?: { octets: Buffer; name: Name }; limit: number }): void {
    this.names.clear();
    this.lastOwner = undefined;
    this.octets.fill(0, 0, HEADER_OCTETS);
    this.octets.writeUInt16BE(options.id, 0);
    this.octets.writeUInt16BE(options.flags, 2);
    this.at = HEADER_OCTETS;
    this.limit = Math.min(options.limit, MAX_MESSAGE_OCTETS);
    if (!options.question) return;
    this.octets.writeUInt16BE(1, 4);
    this.at += options.question.octets.copy(this.octets, HEADER_OCTETS);
    this.rememberLabels(options.question.name, HEADER_OCTETS);
  }

  get length(): number {
    return this.at;
  }

  addFlags(flags: number): void {
    this.octets.writeUInt16BE(this.octets.readUInt16BE(2) | flags, 2);
  }

  mark(): WriterMark {
    return { at: this.at, counts: [this.octets.readUInt16BE(6), this.octets.readUInt16BE(8), this.octets.readUInt16BE(10)] };
  }

  /** Takes back what was written since; names that were written since are pointed to no more. */
  rewind(mark: WriterMark): void {
    this.at = mark.at;
    mark.counts.forEach((count, index) => this.octets.writeUInt16BE(count, 6 + index * 2));
    for (const [name, at] of this.names) if (at >= mark.at) this.names.delete(name);
    this.lastOwner = undefined;
  }

  /** False, and nothing written, when the record does not fit. */
  record(section: Section, owner: Name, type: number, ttlSeconds: number, rdata: Rdata): boolean {
    const start = this.at;
    const lastOwner = this.lastOwner;
    this.owner(owner);
    const { octets } = this;
    const head = this.at;
    octets.writeUInt16BE(type, head);
    octets[head + 2] = 0;
    octets[head + 3] = CLASS.IN;
    octets.writeUInt32BE(ttlSeconds, head + 4);
    this.at = head + 10;
    this.data(type, rdata);
    if (this.at > this.limit) {
      this.at = start;
      this.lastOwner = lastOwner === owner ? owner : undefined;
      this.forgetFrom(start);
      return false;
    }
    octets.writeUInt16BE(this.at - head - 10, head + 8);
    const countAt = COUNT_AT[section];
    octets.writeUInt16BE(octets.readUInt16BE(countAt) + 1, countAt);
    return true;
  }

  /** Octets that are a whole record already (OPT). The caller has kept room for it. */
  rawRecord(record: Uint8Array): void {
    this.octets.set(record, this.at);
    this.at += record.length;
    this.octets.writeUInt16BE(this.octets.readUInt16BE(10) + 1, 10);
  }

  /** Records that were written before behind the same question. */
  rawTail(tail: Uint8Array, counts: readonly [number, number, number]): void {
    this.octets.set(tail, this.at);
    this.at += tail.length;
    counts.forEach((count, index) => this.octets.writeUInt16BE(count, 6 + index * 2));
  }

  /** A copy of what was written from a position on. */
  copyFrom(start: number): Buffer {
    return Buffer.from(this.octets.subarray(start, this.at));
  }

  /** A copy of the message: the writer may go on at once. */
  finish(): Buffer {
    const message = Buffer.allocUnsafe(this.at);
    this.octets.copy(message, 0, 0, this.at);
    return message;
  }

  private owner(owner: Name): void {
    if (owner === this.lastOwner) {
      this.pointer(this.lastOwnerAt);
      return;
    }
    const start = this.at;
    this.name(owner);
    // Where a whole name was found, its pointer leads there; a pointer may not lead to a pointer that stands alone.
    const whole = this.names.get(owner);
    this.lastOwner = whole === undefined ? undefined : owner;
    this.lastOwnerAt = whole ?? start;
  }

  private pointer(target: number): void {
    this.octets[this.at++] = POINTER | (target >> 8);
    this.octets[this.at++] = target & 255;
  }

  private name(name: string): void {
    const { octets } = this;
    for (let label = 0; ;) {
      const length = name.charCodeAt(label);
      if (length === 0) {
        octets[this.at++] = 0;
        return;
      }
      const rest = label === 0 ? name : name.slice(label);
      const known = this.names.get(rest);
      if (known !== undefined) {
        this.pointer(known);
        return;
      }
      if (this.at < POINTER_LIMIT) this.names.set(rest, this.at);
      const end = label + length + 1;
      for (; label < end; label++) octets[this.at++] = name.charCodeAt(label);
    }
  }

  private data(type: number, rdata: string): void {
    switch (type) {
      case TYPE.NS:
      case TYPE.CNAME:
      case TYPE.PTR:
        this.name(rdata);
        return;
      case TYPE.MX:
        this.plain(rdata, 0, 2);
        this.name(rdata.slice(2));
        return;
      case TYPE.SOA: {
        const mname = nameIn(rdata, 0);
        const rname = nameIn(rdata, mname.length);
        this.name(mname);
        this.name(rname);
        this.plain(rdata, mname.length + rname.length, rdata.length);
        return;
      }
      default:
        this.plain(rdata, 0, rdata.length);
    }
  }

  private plain(text: string, start: number, end: number): void {
    if (end - start > 32) {
      this.at += this.octets.write(start === 0 ? text : text.slice(start), this.at, end - start, 'latin1');
      return;
    }
    for (let index = start; index < end; index++) this.octets[this.at++] = text.charCodeAt(index);
  }

  private rememberLabels(name: string, start: number): void {
    for (let label = 0; name.charCodeAt(label) > 0; label += name.charCodeAt(label) + 1) this.names.set(label === 0 ? name : name.slice(label), start + label);
  }

  private forgetFrom(start: number): void {
    for (const [name, at] of this.names) if (at >= start) this.names.delete(name);
  }
}

const nameIn = (octets: string, start: number): string => {
  let end = start;
  while (octets.charCodeAt(end) > 0) end += octets.charCodeAt(end) + 1;
  return octets.slice(start, end + 1);
};
