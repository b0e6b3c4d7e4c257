import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { signToken } from './sign-token.ts';

describe('signToken', () => {
  it('signs claims with the secret of development', () => {
    const token = signToken({ userId: 'u' }, { key: 'x'.repeat(32), expiresInSeconds: 60, issuer: 'i', audience: 'a' });
    const claims = jsonwebtoken.verify(token, 'x'.repeat(32), { algorithms: ['HS256'] }) as jsonwebtoken.JwtPayload;
    expect(claims).toMatchObject({ userId: 'u', iss: 'i', aud: 'a' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
  });

  it('signs with a private key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const token = signToken({ userId: 'u' }, { key: privateKey, algorithm: 'ES256', expiresInSeconds: 60 });
    expect(jsonwebtoken.verify(token, publicKey, { algorithms: ['ES256'] })).toMatchObject({ userId: 'u' });
  });
});
