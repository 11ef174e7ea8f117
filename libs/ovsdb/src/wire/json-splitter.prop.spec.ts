import fc from 'fast-check';
import { OvsdbProtocolError } from '../errors';
import { JsonSplitter } from './json-splitter';

const message = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 4 });
const space = fc.constantFrom('', ' ', '\n', '\r\n\t');

describe('JsonSplitter', () => {
  it('finds the same messages wherever the bytes are cut, within characters too', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, space)), fc.array(fc.nat()), (messages, cuts) => {
        const bytes = Buffer.from(messages.map(([value, after]) => JSON.stringify(value) + after).join(''));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const splitter = new JsonSplitter();
        const found = places.slice(1).flatMap((end, index) => splitter.push(bytes.subarray(places[index], end)));
        expect(found).toEqual(messages.map(([value]) => JSON.parse(JSON.stringify(value)) as unknown));
      }),
    );
  });

  it('finds them when every byte comes alone', () => {
    fc.assert(
      fc.property(message, (value) => {
        const splitter = new JsonSplitter();
        const found = [...Buffer.from(JSON.stringify(value))].flatMap((byte) => splitter.push(Buffer.from([byte])));
        expect(found).toEqual([JSON.parse(JSON.stringify(value))]);
      }),
    );
  });

  it.each(['x', '[1]', '"a"', '1', '{"a":1}}', '{"a":]}', '{a}'])('refuses %s', (text) => {
    expect(() => new JsonSplitter().push(Buffer.from(text))).toThrow(OvsdbProtocolError);
  });

  it('refuses a message without end', () => {
    const splitter = new JsonSplitter(10);
    expect(splitter.push(Buffer.from('{"a":"12'))).toEqual([]);
    expect(() => splitter.push(Buffer.from('3456'))).toThrow('longer than 10 bytes');
  });
});
