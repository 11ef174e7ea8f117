import { requirePeer } from './migration-peer';

const secrets = { control: 'c', fs: 'f' };
const operation = 'https://10.0.0.1:8443/1.0/operations/7d0a';

it('takes what the stock client sends', () => {
  expect(requirePeer({ operation, secrets: { ...secrets, criu: 'x' }, certificate: '' })).toMatchObject({ secrets, certificate: '' });
});

it.each([
  ['no operation', { secrets }, 'address of the operation'],
  ['another scheme', { operation: operation.replace('https', 'http'), secrets }, 'address of the operation'],
  ['another path', { operation: 'https://10.0.0.1/metadata', secrets }, 'address of the operation'],
  ['a missing secret', { operation, secrets: { control: 'c' } }, '"control" and "fs"'],
  ['a certificate that is none', { operation, secrets, certificate: 'PEM' }, 'must be PEM'],
])('refuses %s', (_what, given, sentence) => {
  expect(() => requirePeer(given)).toThrow(sentence);
});
