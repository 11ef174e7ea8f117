import { canonicalAddress, sourceNetwork } from './address';
import { RateLimiter } from './rate-limiter';

describe('response-rate limiting', () => {
  const limits = { responsesPerSecond: 10, slip: 2, trackedNetworks: 3 };

  it('sends so many to a network in a second, then truncates every second one and drops the rest', () => {
    const limiter = new RateLimiter(limits);
    const verdicts = Array.from({ length: 14 }, (_, index) => limiter.judge(`192.0.2.${index}`, 'answer', 1000));
    expect(verdicts).toEqual([...Array.from({ length: 10 }, () => 'send'), 'drop', 'truncate', 'drop', 'truncate']);
    expect(limiter.judge('192.0.2.1', 'absent', 1000)).toBe('send');
    expect(limiter.judge('192.0.3.1', 'answer', 1000)).toBe('send');
    expect(limiter.judge('192.0.2.1', 'answer', 1100)).toBe('send');
    expect(limiter.judge('192.0.2.1', 'answer', 1100)).toBe('drop');
  });

  it('reads twice as many requests of a network as it may get answers of a kind, whatever others ask', () => {
    const limiter = new RateLimiter(limits);
    const read = (address: string, nowMs: number): boolean[] => Array.from({ length: 25 }, () => limiter.admits(address, nowMs));
    expect(read('192.0.2.1', 1000).filter(Boolean)).toHaveLength(20);
    expect(limiter.admits('192.0.2.2', 1000)).toBe(false);
    expect(limiter.admits('192.0.3.1', 1000)).toBe(true);
    expect(read('192.0.2.1', 1500).filter(Boolean)).toHaveLength(10);
    expect(new RateLimiter({ ...limits, responsesPerSecond: 0 }).admits('192.0.2.1', 0)).toBe(true);
  });

  it('has a size, and can be off', () => {
    const limiter = new RateLimiter(limits);
    for (let network = 0; network < 1000; network++) expect(limiter.judge(`10.${network >> 8}.${network & 255}.1`, 'answer', 0)).toBe('send');
    const off = new RateLimiter({ ...limits, responsesPerSecond: 0 });
    for (let count = 0; count < 100; count++) expect(off.judge('192.0.2.1', 'answer', 0)).toBe('send');
  });

  it('knows an address however it is written', () => {
    expect(['::ffff:192.0.2.1', '192.0.2.1', '2001:DB8:0:0::1', 'fe80::1%eth0'].map(canonicalAddress)).toEqual([
      '192.0.2.1',
      '192.0.2.1',
      '2001:db8::1',
      'fe80::1',
    ]);
    expect(sourceNetwork('2001:db8:0:12::1')).toBe(sourceNetwork('2001:db8:0:34::2'));
    expect(sourceNetwork('2001:db8:0:112::1')).not.toBe(sourceNetwork('2001:db8:0:212::1'));
    expect(sourceNetwork('::ffff:192.0.2.1')).toBe(sourceNetwork('192.0.2.99'));
  });
});
