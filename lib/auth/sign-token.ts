import { createSecretKey, type KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';

export interface SignOptions {
  /** The secret of development, or a private key. */
  readonly key: string | KeyObject;
  readonly algorithm?: 'HS256' | 'RS256' | 'ES256';
  readonly expiresInSeconds: number;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
}

/** Makes a token with these claims, issued now. */
export function signToken(claims: Readonly<Record<string, unknown>>, options: SignOptions): string {
  const { key, algorithm = 'HS256', expiresInSeconds, issuer, audience } = options;
  return jsonwebtoken.sign({ ...claims }, typeof key === 'string' ? createSecretKey(Buffer.from(key)) : key, {
    algorithm,
    expiresIn: expiresInSeconds,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  });
}
