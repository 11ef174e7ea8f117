import { checkInstanceName, generateName } from './instance-name';

it.each(['c1', 'a', 'web-01', 'A-b-C', 'x'.repeat(63)])('takes %s', (name) => {
  expect(() => checkInstanceName(name)).not.toThrow();
});

it.each(['', '1', '12', '1a', '-a', 'a-', 'a_b', 'a.b', 'a b', 'ä', 'a/b', '../x', 'x'.repeat(64)])('refuses "%s"', (name) => {
  expect(() => checkInstanceName(name)).toThrow('Invalid instance name');
});

it('gives the same good name for the same seed', () => {
  const name = generateName('0190aaaa-0000-7000-8000-0123456789ab');
  expect(generateName('0190aaaa-0000-7000-8000-0123456789ab')).toBe(name);
  expect(() => checkInstanceName(name)).not.toThrow();
});
