import { describe, expect, it } from '@jest/globals';
import { hashPassword, verifyPassword } from './password.ts';

describe('password hashes', () => {
  it('know their password and no other', async () => {
    const hash = await hashPassword('früh & spät');
    await expect(verifyPassword('früh & spät', hash)).resolves.toBe(true);
    await expect(verifyPassword('früh & spat', hash)).resolves.toBe(false);
    await expect(verifyPassword('', hash)).resolves.toBe(false);
  });

  it('are salted, and name their parameters', async () => {
    const [first, second] = await Promise.all([hashPassword('same'), hashPassword('same')]);
    expect(first).not.toBe(second);
    expect(first).toMatch(/^scrypt\$\d+\$\d+\$\d+\$[\w-]{22}\$[\w-]{43}$/);
    expect(first).not.toContain('same');
  });

  it('do not mind how a character is composed', async () => {
    const hash = await hashPassword('é');
    await expect(verifyPassword('e\u0301', hash)).resolves.toBe(true);
  });

  it.each([
    '',
    'secret',
    'scrypt$1$1',
    'scrypt$x$8$1$c2FsdA$aGFzaA',
    'bcrypt$32768$8$1$c2FsdA$aGFzaA',
    'scrypt$2$8$1$c2FsdA$',
  ])('are not %j: it is nobody’s', async hash => {
    await expect(verifyPassword('secret', hash)).resolves.toBe(false);
  });

  it('come in turn when many are asked for at once', async () => {
    const hashes = await Promise.all(Array.from({ length: 6 }, (_, index) => hashPassword(`p${index}`)));
    const verified = await Promise.all(hashes.map((hash, index) => verifyPassword(`p${index}`, hash)));
    expect(verified).toEqual(Array(6).fill(true));
  });
});
