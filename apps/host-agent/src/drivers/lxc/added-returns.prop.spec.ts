import fc from 'fast-check';
import { AddedReturns } from './added-returns';

const relayed = (text: string, layers: number): string => (layers === 0 ? text : relayed(text.replace(/\n/g, '\r\n'), layers - 1));

describe('AddedReturns', () => {
  it('takes back exactly what the terminals in between have added, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', '\r', '\n'), { maxLength: 40 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 7 }),
        (letters, layers, size) => {
          const text = letters.join('');
          const bytes = Buffer.from(relayed(text, layers));
          const returns = new AddedReturns(layers);
          const parts: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += size) parts.push(Buffer.from(returns.strip(bytes.subarray(at, at + size))));
          expect(Buffer.concat([...parts, returns.flush()]).toString()).toBe(text);
        },
      ),
    );
  });
});
