import { hideKeys, isReference, newReference, revealKeys } from './zone-secrets';

const REF = newReference('00000000-0000-7000-8000-000000000001');
const known = { config: { 'peers.a.key': REF }, keys: new Map([[REF, 'secret']]) };
const fresh = () => '00000000-0000-7000-8000-000000000002';

it('puts references in place of keys, and keeps those of keys that stay', () => {
  const { config, added } = hideKeys({ 'peers.a.key': 'secret', 'peers.b.key': 'secret', 'user.x': 'secret', 'peers.c.key': '' }, known, fresh);
  expect(config).toEqual({ 'peers.a.key': REF, 'peers.b.key': newReference(fresh()), 'user.x': 'secret', 'peers.c.key': '' });
  expect(added).toEqual([{ reference: newReference(fresh()), key: 'secret' }]);
  expect(revealKeys(config, new Map([...known.keys, [newReference(fresh()), 'secret']]))).toMatchObject({ 'peers.a.key': 'secret', 'peers.b.key': 'secret' });
});

it('takes a reference back where it stood, and nowhere else', () => {
  expect(hideKeys({ 'peers.a.key': REF }, known, fresh)).toEqual({ config: { 'peers.a.key': REF }, added: [] });
  expect(() => hideKeys({ 'peers.b.key': REF }, known, fresh)).toThrow('stands for a key that this peer does not have');
  expect(isReference('hidden:x')).toBe(false);
});
