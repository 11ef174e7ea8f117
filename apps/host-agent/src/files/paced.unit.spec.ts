import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { paced } from './paced';

const chunks = (count: number, bytes: number) => Readable.from(Array.from({ length: count }, () => Buffer.alloc(bytes, 1)));

describe('a stream with a pace', () => {
  it.each([0, 1_000_000])('is whole at %d bytes a second', async (bytesPerSecond) => {
    const out = new PassThrough();
    const [whole] = await Promise.all([buffer(out), pipeline(chunks(10, 1_000), paced(bytesPerSecond), out)]);
    expect(whole.equals(Buffer.alloc(10_000, 1))).toBe(true);
  });

  it('takes as long as its bytes need, at least', async () => {
    const startedAt = performance.now();
    await pipeline(chunks(4, 1_000), paced(20_000), new Writable({ write: (_chunk, _encoding, done) => done() }));
    expect(performance.now() - startedAt).toBeGreaterThan(190);
  });

  it('ends at once when whoever reads goes away', async () => {
    const out = new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) });
    await expect(pipeline(chunks(4, 1_000), paced(1), out)).rejects.toThrow('gone');
  });
});
