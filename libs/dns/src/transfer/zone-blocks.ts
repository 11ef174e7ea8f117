/**
 * The messages of whole zones, from blocks of records that are kept for each part of the zone (`ZoneContent.parts`).
 *
 *   serial 7   [part][part][part]...          a change makes anew the blocks of the parts that it touched
 *   serial 8   [part][ new][part]...          message = header, question, as many blocks as fit
 *
 * So a transfer costs copies, also the first of a serial; only the first of a zone makes all blocks, unless they were
 * prepared. Parts that no content has any more go, and their blocks with them.
 */
import { setImmediate } from 'node:timers/promises';
import type { Name } from '../names/name';
import { TYPE } from '../records/record-type';
import { HEADER_OCTETS } from '../wire/header';
import { MAX_MESSAGE_OCTETS } from '../wire/message-writer';
import type { DnsRequest } from '../wire/read-request';
import { soaRdata } from '../zone/soa-record';
import type { ZoneContent, ZonePart } from '../zone/zone-content';
import { type Block, BlockWriter } from './block-writer';

/** Room for a signature: two names, times and a digest. */
const SIGNATURE_OCTETS = 1_000;
const PREFERRED_OCTETS = MAX_MESSAGE_OCTETS - SIGNATURE_OCTETS;

export class ZoneBlocks {
  private readonly kept = new WeakMap<ZonePart, readonly Block[]>();
  private readonly writer = new BlockWriter();
  private made = 0;
  /** What is being prepared, by apex. */
  private readonly prepared = new Map<Name, ZoneContent>();

  /** @param maxBytes that are kept of one zone; what is beyond is made anew each time */
  constructor(private readonly maxBytes: number) {}

  /** Since the start. */
  get partsMade(): number {
    return this.made;
  }

  /**
   * Each is made when it is asked for, so that a slow reader costs the memory of one.
   * @param request whose name is the apex in the letters that the zone has
   */
  *messages(content: ZoneContent, request: DnsRequest, flags: number): Generator<Buffer> {
    const head = headOf(request, flags);
    let blocks: Block[] = [];
    let length = head.length;
    for (const block of this.blocks(content)) {
      if (length + block.octets.length > PREFERRED_OCTETS && blocks.length > 0) {
        yield messageOf(head, blocks, length);
        blocks = [];
        length = head.length;
      }
      blocks.push(block);
      length += block.octets.length;
    }
    yield messageOf(head, blocks, length);
  }

  /**
   * Makes what is missing before somebody asks, part by part with other work between. Resolves when all is there, or
   * another content of the zone is prepared.
   */
  async prepare(content: ZoneContent): Promise<void> {
    const { apex } = content;
    this.prepared.set(apex, content);
    let room = this.maxBytes;
    for (const part of content.parts) {
      if (!this.kept.has(part)) await setImmediate();
      if (this.prepared.get(apex) !== content) return;
      room -= octetsOf(this.partBlocks(apex, part, room));
      if (room <= 0) break;
    }
    this.prepared.delete(apex);
  }

  private *blocks(content: ZoneContent): Generator<Block> {
    const { apex, soa } = content;
    const soaBlocks = this.writer.write(apex, [{ owner: apex, type: TYPE.SOA, ttlSeconds: soa.ttlSeconds, rdatas: [soaRdata(soa)] }]);
    yield* soaBlocks;
    let room = this.maxBytes;
    for (const part of content.parts) {
      const blocks = this.partBlocks(apex, part, room);
      room -= octetsOf(blocks);
      yield* blocks;
    }
    yield* soaBlocks;
  }

  /** @param room octets that may still be kept of this zone */
  private partBlocks(apex: Name, part: ZonePart, room: number): readonly Block[] {
    const present = this.kept.get(part);
    if (present) return present;
    const blocks = this.make(apex, part);
    if (octetsOf(blocks) <= room) this.kept.set(part, blocks);
    return blocks;
  }

  private make(apex: Name, part: ZonePart): readonly Block[] {
    if (part.size > 0) this.made++;
    return this.writer.write(apex, setsOf(part));
  }
}

const octetsOf = (blocks: readonly Block[]): number => blocks.reduce((sum, { octets }) => sum + octets.length, 0);

function* setsOf(part: ZonePart) {
  for (const { sets } of part.values()) yield* sets;
}

/** Each message repeats the question, which names the apex that all others point to (RFC 5936 section 2.2.1 allows it). */
const headOf = (request: DnsRequest, flags: number): Buffer => {
  const head = Buffer.alloc(request.questionEnd);
  request.message.copy(head, HEADER_OCTETS, HEADER_OCTETS, request.questionEnd);
  head.writeUInt16BE(request.id, 0);
  head.writeUInt16BE(flags, 2);
  head.writeUInt16BE(1, 4);
  return head;
};

const messageOf = (head: Buffer, blocks: readonly Block[], length: number): Buffer => {
  const message = Buffer.allocUnsafe(length);
  let at = head.copy(message);
  let records = 0;
  for (const block of blocks) {
    at += block.octets.copy(message, at);
    records += block.records;
  }
  message.writeUInt16BE(records, 6);
  return message;
};
