import { EXEC_FDS, fdOfSecret, operationFds, operationSecret } from './operation-secret';

const key = Buffer.alloc(32, 1);

describe('operation secrets', () => {
  it('open the channel that they were made for', () => {
    for (const [fd, secret] of Object.entries(operationFds(key, 'op1', EXEC_FDS.plain))) expect(fdOfSecret(key, 'op1', secret)).toBe(fd);
  });

  it('are 64 hexadecimal digits', () => expect(operationSecret(key, 'op1', '0')).toMatch(/^[0-9a-f]{64}$/));

  it('open nothing of another operation, with another key, or when they are wrong', () => {
    const secret = operationSecret(key, 'op1', '0');
    expect(fdOfSecret(key, 'op2', secret)).toBeUndefined();
    expect(fdOfSecret(Buffer.alloc(32, 2), 'op1', secret)).toBeUndefined();
    for (const wrong of ['', 'x', secret.slice(1), `${secret}0`, secret.toUpperCase()]) expect(fdOfSecret(key, 'op1', wrong)).toBeUndefined();
  });
});
