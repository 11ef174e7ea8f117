import fc from 'fast-check';
import { BackOff } from './back-off';

describe('BackOff', () => {
  it('tries every server before it waits, and never waits longer than its limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 12 }), (servers, rounds) => {
        const backOff = new BackOff(servers, { firstMs: 10, maxMs: 100 }, () => 1);
        for (let round = 0; round < rounds; round++) {
          const tried = Array.from({ length: servers }, () => [backOff.server, backOff.failed()] as const);
          expect(tried.map(([server]) => server)).toEqual(Array.from({ length: servers }, (_, index) => index));
          expect(tried.map(([, waitMs]) => waitMs)).toEqual([...Array<number>(servers - 1).fill(0), Math.min(100, 10 * 2 ** round)]);
        }
        expect(backOff.lost()).toBe(10);
      }),
    );
  });
});
