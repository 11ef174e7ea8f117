import { hashPassword, verifyPassword } from './password-hash';

describe('password hashes', () => {
  it('match their password only', async () => {
    const stored = await hashPassword('sesame');
    expect(await verifyPassword('sesame', stored)).toBe(true);
    expect(await verifyPassword('Sesame', stored)).toBe(false);
    expect(stored).not.toContain('sesame');
  });

  it('differ for the same password', async () => {
    expect(await hashPassword('a')).not.toBe(await hashPassword('a'));
  });

  it.each(['', 'plain', 'scrypt$32768$8$1', 'bcrypt$1$2$3$4$5'])('that cannot be read match nothing: %j', async (stored) => {
    expect(await verifyPassword('', stored)).toBe(false);
  });
});
