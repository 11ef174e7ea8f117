import * as fc from 'fast-check';
import { DELIMITER, JsonLines } from './json-stream';

describe('JsonLines', () => {
  it('gives each value once, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }))), fc.array(fc.nat(40)), (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\r\n`).join(''));
        const lines = new JsonLines();
        const seen: unknown[] = [];
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          seen.push(...lines.push(bytes.subarray(from, from + cut)));
          from += cut;
        }
        seen.push(...lines.push(bytes.subarray(from)));
        expect(seen).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it('drops what a delimiter makes stale', () => {
    const lines = new JsonLines();
    expect(lines.push(Buffer.from('{"return": "half an old ans'))).toEqual([]);
    expect(lines.push(Buffer.concat([Buffer.from([DELIMITER]), Buffer.from('{"return": 7}\n')]))).toEqual([{ return: 7 }]);
  });

  it('refuses lines without end', () => {
    expect(() => new JsonLines(10).push(Buffer.from('x'.repeat(11)))).toThrow(RangeError);
  });
});
