import { parseEndpoints } from './endpoint';

describe('parseEndpoints', () => {
  it('reads a list', () => {
    expect(parseEndpoints('tcp:10.0.0.1:6641, ssl:[fe80::1]:6642,unix:/run/db.sock')).toMatchObject([
      { kind: 'tcp', host: '10.0.0.1', port: 6641 },
      { kind: 'ssl', host: 'fe80::1', port: 6642 },
      { kind: 'unix', path: '/run/db.sock' },
    ]);
  });

  it.each(['', 'tcp:a', 'tcp:a:0', 'tcp:a:70000', 'unix:', 'udp:a:1', 'tcp:fe80::1:1'])('refuses %p', (text) => {
    expect(() => parseEndpoints(text)).toThrow('Not an endpoint');
  });

  it('refuses an empty list', () => expect(() => parseEndpoints([])).toThrow('At least one'));
});
