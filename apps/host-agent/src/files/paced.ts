import { Transform } from 'node:stream';

/** Lets so many bytes a second pass, in the mean since it was made. 0: all at once. */
export function paced(bytesPerSecond: number): Transform {
  const startedAt = performance.now();
  let passed = 0;
  let timer: NodeJS.Timeout | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      const aheadMs = bytesPerSecond === 0 ? 0 : (1_000 * passed) / bytesPerSecond - (performance.now() - startedAt);
      this.push(chunk);
      if (aheadMs <= 0) return done();
      timer = setTimeout(done, aheadMs);
    },
    destroy(error, done) {
      clearTimeout(timer);
      done(error);
    },
  });
}
