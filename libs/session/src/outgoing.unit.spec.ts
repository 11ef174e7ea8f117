import { MAX_CHUNK_BYTES } from './frame';
import { Outgoing } from './outgoing';

describe('Outgoing', () => {
  it('sends nothing before the peer has given credit', () => {
    const out = new Outgoing();
    out.write(Buffer.from('hello'), false);
    expect(out.takeSendable()).toEqual([]);
    out.acknowledge(0, 1000);
    expect(out.takeSendable().map((chunk) => chunk.payload.toString())).toEqual(['hello']);
    expect(out.drained).toBe(true);
  });

  it('cuts bytes to chunks and keeps what is not acknowledged', () => {
    const out = new Outgoing();
    out.acknowledge(0, 10 * MAX_CHUNK_BYTES);
    out.write(Buffer.alloc(2 * MAX_CHUNK_BYTES + 1), false);
    expect(out.takeSendable().map((chunk) => chunk.offset)).toEqual([0, MAX_CHUNK_BYTES, 2 * MAX_CHUNK_BYTES]);
    out.acknowledge(MAX_CHUNK_BYTES, 0);
    expect(out.unacknowledged().map((chunk) => chunk.offset)).toEqual([MAX_CHUNK_BYTES, 2 * MAX_CHUNK_BYTES]);
  });

  it('never shrinks credit and never sends beyond it', () => {
    const out = new Outgoing();
    out.acknowledge(0, 2 * MAX_CHUNK_BYTES);
    out.acknowledge(0, 5);
    out.write(Buffer.alloc(3 * MAX_CHUNK_BYTES), false);
    expect(out.takeSendable()).toHaveLength(2);
    expect(out.sent).toBe(2 * MAX_CHUNK_BYTES);
    expect(out.drained).toBe(false);
  });

  it('refuses a message that does not fit a frame', () => {
    expect(() => new Outgoing().write(Buffer.alloc(MAX_CHUNK_BYTES + 1), true)).toThrow(RangeError);
  });

  it('does not change what it keeps when the writer reuses its buffer', () => {
    const out = new Outgoing();
    const buffer = Buffer.from('first');
    out.write(buffer, false);
    buffer.fill('x');
    out.acknowledge(0, 100);
    expect(out.takeSendable()[0]?.payload.toString()).toBe('first');
  });
});
