import jsonwebtoken from 'jsonwebtoken';
import { selectActor } from '../../app/policy.ts';
import { selectKeySource } from '../../config/rules.ts';
import { type Config } from '../../config/schema.ts';
import { createKeyProvider } from '../../lib/auth/key-provider.ts';
import { type TokenHeader } from '../../lib/auth/keys.ts';
import { UnauthenticatedError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';

/** What a token says, and every reason for which the service would refuse it; none when it would be taken. */
export interface TokenInspection {
  readonly header?: TokenHeader & { readonly crit?: unknown };
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly faults: readonly string[];
}

/** Decodes a token, and checks it as the service does. Throws `ServiceUnavailableError` when the keys cannot be fetched. */
export async function inspectToken(token: string, jwt: Config['jwt'], now = new Date()): Promise<TokenInspection> {
  const decoded = jsonwebtoken.decode(token, { complete: true });
  if (decoded === null) return { faults: ['This is not a token: three parts in base64url, with points between them.'] };
  const { payload } = decoded;
  const header = decoded.header as NonNullable<TokenInspection['header']>;
  if (typeof payload === 'string') return { header, faults: ['The payload is not a JSON object.'] };
  const claims: Record<string, unknown> = payload;
  const signature = await selectSignatureFaults(token, header, jwt);
  return { header, claims, faults: [...signature, ...selectClaimFaults(claims, jwt, now.getTime() / 1000)] };
}

async function selectSignatureFaults(
  token: string,
  header: NonNullable<TokenInspection['header']>,
  jwt: Config['jwt'],
): Promise<string[]> {
  if (header.crit !== undefined)
    return ['Its header names extensions that must be understood (crit); the service knows none.'];
  const keys = createKeyProvider({ ...selectKeySource(jwt), algorithms: jwt.algorithms, log: silentLog });
  try {
    if (header.alg === undefined || !keys.algorithms.includes(header.alg)) {
      return [`It is signed with ${header.alg}; the service takes ${keys.algorithms.join(', ')}.`];
    }
    const key = await keys.select(header);
    jsonwebtoken.verify(token, key, {
      algorithms: [...keys.algorithms] as jsonwebtoken.Algorithm[],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
    return [];
  } catch (error) {
    if (error instanceof UnauthenticatedError) return ['It is signed with a key that the service does not know.'];
    if (error instanceof Error && error.name === 'JsonWebTokenError')
      return ['Its signature does not fit the configured key.'];
    throw error;
  } finally {
    keys.close();
  }
}

function selectClaimFaults(
  claims: Readonly<Record<string, unknown>>,
  jwt: Config['jwt'],
  nowSeconds: number,
): string[] {
  const { exp, iat, nbf, iss, aud } = claims;
  const { clockToleranceSeconds: tolerance, maxAgeSeconds, issuer, audience } = jwt;
  const faults: string[] = [];
  if (typeof exp !== 'number') faults.push('It has no expiry (exp).');
  else if (nowSeconds >= exp + tolerance) faults.push(`It expired at ${formatInstant(exp)}.`);
  if (typeof iat !== 'number') faults.push('It has no time of issue (iat).');
  else if (iat > nowSeconds + tolerance) faults.push(`It is from the future (iat): ${formatInstant(iat)}.`);
  else if (maxAgeSeconds !== undefined && nowSeconds >= iat + maxAgeSeconds + tolerance) {
    faults.push(`It is older than ${maxAgeSeconds} s (JWT_MAX_AGE_SECONDS): issued at ${formatInstant(iat)}.`);
  }
  if (typeof nbf === 'number' && nbf > nowSeconds + tolerance)
    faults.push(`It is not valid before ${formatInstant(nbf)}.`);
  if (issuer !== undefined && iss !== issuer) faults.push(`Its issuer is ${String(iss)}, not ${issuer} (JWT_ISSUER).`);
  if (audience !== undefined && ![aud].flat().includes(audience))
    faults.push(`Its audience is ${String(aud)}, not ${audience} (JWT_AUDIENCE).`);
  // What it grants is read by the service's own rule; the time of issue was looked at above.
  try {
    selectActor({ ...claims, iat: typeof iat === 'number' ? iat : 0 });
  } catch {
    faults.push('Its claims are not of the form { userId, supreme?, campaigns?: { <id>: { actions: […] } } }.');
  }
  return faults;
}

function formatInstant(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
