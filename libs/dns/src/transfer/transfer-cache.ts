/**
 * Messages of whole zones, kept for the next secondary: a new serial sends each of them here, a new replica too.
 *
 *   first transfer of a content: made as its reader takes them, and kept      next ones: copies with the request's id
 *
 * Kept per content, which never changes and is dropped when no one serves it any more. While one transfer collects, others
 * make their own: slow readers cost one zone together, not one each.
 */
import { HEADER_OCTETS } from '../wire/header';
import type { DnsRequest } from '../wire/read-request';
import type { ZoneContent } from '../zone/zone-content';

export class TransferCache {
  private readonly kept = new WeakMap<ZoneContent, readonly Buffer[]>();
  private readonly collecting = new WeakSet<ZoneContent>();

  /** @param maxBytes of one zone; larger ones are made anew each time */
  constructor(private readonly maxBytes: number) {}

  /** @param make the messages of the whole zone in answer to `request` */
  messages(content: ZoneContent, request: DnsRequest, flags: number, make: () => Iterable<Buffer>): Iterable<Buffer> {
    // Names are compressed by the question's letters: those that the zone has are what everyone sends.
    if (request.name !== content.apex) return make();
    const kept = this.kept.get(content);
    if (kept) return this.again(kept, request, flags);
    return this.collecting.has(content) ? make() : this.collect(content, make);
  }

  private *collect(content: ZoneContent, make: () => Iterable<Buffer>): Generator<Buffer> {
    this.collecting.add(content);
    const messages: Buffer[] = [];
    let bytes = 0;
    try {
      for (const message of make()) {
        bytes += message.length;
        if (bytes <= this.maxBytes) messages.push(message);
        else messages.length = 0;
        yield message;
      }
      if (bytes <= this.maxBytes) this.kept.set(content, messages);
    } finally {
      this.collecting.delete(content);
    }
  }

  private *again(kept: readonly Buffer[], request: DnsRequest, flags: number): Generator<Buffer> {
    for (const [index, message] of kept.entries()) {
      const own = Buffer.from(message);
      own.writeUInt16BE(request.id, 0);
      own.writeUInt16BE(flags, 2);
      // AXFR or IXFR: all that questions of the same letters differ in.
      if (index === 0) request.message.copy(own, HEADER_OCTETS, HEADER_OCTETS, request.questionEnd);
      yield own;
    }
  }
}
