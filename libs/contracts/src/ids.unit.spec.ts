import { derivedId, isId, newId } from './ids';

test('new ids are different, valid, of version 7, and ascend', () => {
  const ids = Array.from({ length: 2_000 }, () => newId());
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  expect(ids.every((id) => isId(id) && id[14] === '7')).toBe(true);
});

test('the random half of ids made in a row differs', () => {
  const tails = Array.from({ length: 600 }, () => newId().slice(-10));
  expect(new Set(tails).size).toBe(tails.length);
});

test('derived ids depend on every part and on nothing else', () => {
  expect(derivedId('a', 'b')).toBe(derivedId('a', 'b'));
  expect(derivedId('a', 'b')).not.toBe(derivedId('a', 'c'));
});
