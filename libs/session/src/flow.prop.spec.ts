import * as fc from 'fast-check';
import { decodeFrame, encodeFrame, type Frame } from './frame';
import { Incoming } from './incoming';
import { Outgoing, type Chunk } from './outgoing';

const u32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const offset = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('state' as const),
    nonce: u32,
    echo: u32,
    eof: fc.boolean(),
    eofReceived: fc.boolean(),
    resend: fc.boolean(),
    received: offset,
    limit: offset,
    sent: offset,
  }),
  fc.record({
    kind: fc.constant('data' as const),
    nonce: u32,
    offset,
    payload: fc.uint8Array({ minLength: 1, maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ kind: fc.constant('abort' as const), nonce: u32, clean: fc.boolean(), reason: fc.string({ maxLength: 100 }) }),
);

describe('channel frames', () => {
  it('decode to what was encoded', () => {
    fc.assert(fc.property(frame, (one) => expect(decodeFrame(encodeFrame(one))).toEqual(one)));
  });

  it('never throw on foreign bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodeFrame(bytes)));
  });
});

/** A network that keeps order and loses what `lost` says; after each round the receiver's state reaches the sender. */
function transfer(writes: Buffer[], lost: boolean[], windowBytes: number): Buffer {
  const out = new Outgoing();
  const incoming = new Incoming(windowBytes);
  const read: Buffer[] = [];
  writes.forEach((payload) => out.write(payload, false));
  let sent = 0;
  const carry = (chunk: Chunk) => lost[sent++] || incoming.accept(chunk);
  for (let round = 0; round < 10_000 && !(out.drained && incoming.received === out.sent); round += 1) {
    out.acknowledge(incoming.received, incoming.grant());
    if (!incoming.announce(out.sent, false)) out.unacknowledged().forEach(carry);
    out.takeSendable().forEach(carry);
    for (let payload = incoming.take(); payload; payload = incoming.take()) read.push(payload);
  }
  expect(incoming.announce(out.sent, true)).toBe(true);
  expect(incoming.finished).toBe(true);
  return Buffer.concat(read);
}

describe('flow control', () => {
  it('delivers every byte once and in order over a network that loses messages', () => {
    const writes = fc.array(
      fc.integer({ min: 1, max: 150_000 }).map((size) => Buffer.alloc(size, size % 251)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(writes, fc.array(fc.boolean(), { maxLength: 40 }), fc.integer({ min: 4, max: 16 }), (payloads, lost, chunks) => {
        expect(transfer(payloads, lost, chunks * 64 * 1024).equals(Buffer.concat(payloads))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
