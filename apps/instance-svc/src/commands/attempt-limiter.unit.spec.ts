import { createAttemptLimiter } from './attempt-limiter';

const limits = { perAddress: 3, total: 5, windowMs: 1_000 };

describe('the attempt limiter', () => {
  it('stops an address whatever port it comes from, and lets it go on later', () => {
    let now = 0;
    const limiter = createAttemptLimiter(() => now, limits);
    expect([1, 2, 3, 4].map((port) => limiter.take(`192.0.2.1:${port}`))).toEqual([true, true, true, false]);
    expect(limiter.take('192.0.2.2:9')).toBe(true);
    now = 1_001;
    expect(limiter.take('192.0.2.1:9')).toBe(true);
  });

  it('does not count what was right', () => {
    const limiter = createAttemptLimiter(() => 0, limits);
    for (let n = 0; n < 20; n += 1) {
      expect(limiter.take('192.0.2.1:1')).toBe(true);
      limiter.giveBack('192.0.2.1:2');
    }
  });

  it('stops everybody when many addresses try together, and remembers no more of them', () => {
    const limiter = createAttemptLimiter(() => 0, limits);
    const answers = Array.from({ length: 1_000 }, (_, host) => limiter.take(`[2001:db8::${host.toString(16)}]:1`));
    expect(answers.filter(Boolean)).toHaveLength(limits.total);
  });
});
