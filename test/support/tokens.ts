import { signToken } from '../../lib/auth/sign-token.ts';
import { type Action } from '../../app/policy.ts';

/** The secret that `config/test.yml` names. */
export const TEST_SECRET = 'test-only-secret-known-to-everybody-here';

const HOUR_SECONDS = 3600;

interface TokenOptions {
  readonly secret?: string;
  /** Negative for a token that is expired already. */
  readonly expiresInSeconds?: number;
}

/** Gives an HS256 token with exactly these claims, besides `iat` and `exp`. */
export function createToken(
  claims: Readonly<Record<string, unknown>>,
  { secret = TEST_SECRET, expiresInSeconds = HOUR_SECONDS }: TokenOptions = {},
): string {
  return signToken(claims, { key: secret, expiresInSeconds });
}

/** Gives the token of a user who may do everything. */
export function createSupremeToken(userId = 'supreme-user'): string {
  return createToken({ userId, supreme: true });
}

/** Gives the token of a user who may do this on these campaigns. */
export function createUserToken(
  grants: Readonly<Record<string, readonly Action[]>> = {},
  userId = 'some-user',
): string {
  const campaigns = Object.fromEntries(Object.entries(grants).map(([id, actions]) => [id, { actions }]));
  return createToken({ userId, campaigns });
}
