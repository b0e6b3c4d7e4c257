import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { serve, type TestServer } from '../../test/support/pipeline.ts';
import { type Actor } from '../auth/actor.ts';
import { createKeyProvider } from '../auth/key-provider.ts';
import { type KeyProvider } from '../auth/keys.ts';
import { createTokenVerifier, type TokenVerifierOptions } from '../auth/token-verifier.ts';
import { type ServiceError, ServiceUnavailableError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { createJwt } from './jwt.ts';
import { type AppMiddleware } from './request-state.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const NOW = Math.floor(Date.now() / 1000);
const claims = { userId: 'user-1', iat: NOW, exp: NOW + 600 };

function sign(payload: object, options: jsonwebtoken.SignOptions = {}, key: KeyObject = rsa.privateKey): string {
  return jsonwebtoken.sign(payload, key, { algorithm: 'RS256', ...options });
}

/** A token with any header and a signature by hand. */
function forge(header: object, payload: object, secret?: string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${secret === undefined ? '' : createHmac('sha256', secret).update(text).digest('base64url')}`;
}

describe('jwt', () => {
  let server: TestServer;
  let selectCount: number;
  let rotate: () => void;
  let nowMs: number;
  let revoked: Set<string>;

  async function start(options: Partial<TokenVerifierOptions<Actor>> = {}): Promise<void> {
    const provided = createKeyProvider({ publicKey: publicPem, log: silentLog });
    const keys: KeyProvider = {
      algorithms: provided.algorithms,
      select: header => {
        selectCount += 1;
        return provided.select(header);
      },
      onRotation: listener => (rotate = listener),
      close() {},
    };
    const tokens = createTokenVerifier<Actor>({
      keys,
      toActor: ({ userId }) => (typeof userId === 'string' ? { userId } : null),
      isRevoked: ({ userId }, { issuedAt }) => revoked.has(userId) && issuedAt <= NOW,
      now: () => nowMs,
      ...options,
    });
    const answer: AppMiddleware = async ctx => {
      const { actor, authError } = ctx.state;
      const error = authError as ServiceError | null;
      ctx.body = { actor, error: error && { status: error.status, message: error.message, headers: error.headers } };
    };
    server = await serve([createJwt(tokens), answer]);
  }

  interface Outcome {
    readonly actor: Actor | null;
    readonly error: {
      readonly status: number;
      readonly message: string;
      readonly headers: Record<string, string>;
    } | null;
  }

  async function ask(authorization?: string): Promise<Outcome> {
    const response = await fetch(server.url, { headers: authorization === undefined ? {} : { authorization } });
    return (await response.json()) as Outcome;
  }

  const refused = (message: RegExp): object => ({
    actor: null,
    error: {
      status: 401,
      message: expect.stringMatching(message),
      headers: { 'www-authenticate': expect.stringContaining('error="invalid_token"') },
    },
  });

  beforeEach(() => {
    selectCount = 0;
    nowMs = NOW * 1000;
    revoked = new Set();
  });
  afterEach(() => server.close());

  it('knows nobody without a token', async () => {
    await start();
    expect(await ask()).toEqual({ actor: null, error: null });
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('reads the caller from a good token (%s)', async scheme => {
    await start();
    expect(await ask(`${scheme} ${sign(claims)}`)).toEqual({ actor: { userId: 'user-1' }, error: null });
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', 'token'])('keeps an error for the header %j', async header => {
    await start();
    expect(await ask(header)).toEqual(refused(/must read "Bearer <token>"/));
  });

  it('verifies a token once, and looks at its time on each use', async () => {
    await start();
    const token = sign(claims);
    for (let count = 0; count < 3; count += 1) expect((await ask(`Bearer ${token}`)).actor).not.toBeNull();
    expect(selectCount).toBe(1);
    // Past its expiry and the tolerance, on our clock alone: the remembered token is over.
    nowMs = (claims.exp + 6) * 1000;
    await ask(`Bearer ${token}`);
    expect(selectCount).toBe(2);
  });

  it('asks on each use whether a token is revoked', async () => {
    await start();
    const token = sign(claims);
    expect((await ask(`Bearer ${token}`)).actor).not.toBeNull();
    revoked.add('user-1');
    expect(await ask(`Bearer ${token}`)).toEqual(refused(/revoked/));
    expect(selectCount).toBe(1);
  });

  it('verifies again after keys changed', async () => {
    await start();
    const token = sign(claims);
    await ask(`Bearer ${token}`);
    rotate();
    await ask(`Bearer ${token}`);
    expect(selectCount).toBe(2);
  });

  it.each<[string, () => string, RegExp]>([
    ['is expired', () => sign({ ...claims, exp: NOW - 60 }), /expired/],
    ['is not valid yet', () => sign({ ...claims, nbf: NOW + 60 }), /not valid yet/],
    ['never expires', () => sign({ userId: 'u', iat: NOW }), /no expiry/],
    [
      'does not say when it was issued',
      () => sign({ userId: 'u', exp: NOW + 60 }, { noTimestamp: true }),
      /no time of issue/,
    ],
    ['comes from the future', () => sign({ ...claims, iat: NOW + 3600, exp: NOW + 7200 }), /from the future/],
    [
      'is signed by another key',
      () => sign(claims, {}, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      /not valid/,
    ],
    ['is signed by another algorithm', () => sign(claims, { algorithm: 'RS512' }), /not valid/],
    ['is not signed', () => forge({ alg: 'none', typ: 'JWT' }, claims), /not valid/],
    [
      'is signed by the public key as a secret',
      () => forge({ alg: 'HS256', typ: 'JWT' }, claims, publicPem),
      /not valid/,
    ],
    [
      'has a changed payload',
      () =>
        sign(claims).replace(
          /\.[^.]+\./,
          `.${Buffer.from(JSON.stringify({ ...claims, userId: 'root' })).toString('base64url')}.`,
        ),
      /not valid/,
    ],
    ['names critical extensions', () => sign(claims, { header: { alg: 'RS256', crit: ['exp'] } }), /not valid/],
    ['is no token', () => 'abc', /not valid/],
    ['is no JSON', () => `${Buffer.from('{').toString('base64url')}.e30.x`, /not valid/],
    ['has claims that make no caller', () => sign({ ...claims, userId: 7 }), /malformed/],
  ])('keeps an error for a token that %s', async (_case, create, message) => {
    await start();
    const token = create();
    expect(await ask(`Bearer ${token}`)).toEqual(refused(message));
    expect(await ask(`Bearer ${token}`)).toEqual(refused(message));
  });

  it('takes whatever toActor throws for malformed claims', async () => {
    await start({
      toActor: () => {
        throw new Error('internals');
      },
    });
    expect(await ask(`Bearer ${sign(claims)}`)).toEqual(refused(/malformed/));
  });

  it('tolerates clocks that differ a little', async () => {
    await start({ clockToleranceSeconds: 300 });
    expect((await ask(`Bearer ${sign({ ...claims, exp: NOW - 60 })}`)).actor).not.toBeNull();
    expect((await ask(`Bearer ${sign({ ...claims, nbf: NOW + 200 })}`)).actor).not.toBeNull();
  });

  it('refuses tokens that are too old, remembered ones too', async () => {
    await start({ maxAgeSeconds: 100 });
    expect((await ask(`Bearer ${sign({ ...claims, iat: NOW - 200 })}`)).error?.status).toBe(401);
    const token = sign({ ...claims, iat: NOW - 50 });
    expect((await ask(`Bearer ${token}`)).actor).not.toBeNull();
    nowMs = (NOW + 60) * 1000;
    const before = selectCount;
    await ask(`Bearer ${token}`);
    expect(selectCount).toBe(before + 1);
  });

  it('refuses another issuer and another audience', async () => {
    await start({ issuer: 'https://id.example.com', audience: 'campaigns' });
    const good = { ...claims, iss: 'https://id.example.com', aud: ['campaigns', 'x'] };
    expect((await ask(`Bearer ${sign(good)}`)).actor).not.toBeNull();
    expect((await ask(`Bearer ${sign({ ...good, iss: 'https://evil.example.com' })}`)).error?.status).toBe(401);
    expect((await ask(`Bearer ${sign({ ...good, aud: 'other' })}`)).error?.status).toBe(401);
    expect((await ask(`Bearer ${sign(claims)}`)).error?.status).toBe(401);
  });

  it('keeps 503, not 401, when the keys cannot be fetched', async () => {
    await start({
      keys: {
        algorithms: ['RS256'],
        select: () => Promise.reject(new ServiceUnavailableError('jwks')),
        onRotation() {},
        close() {},
      },
    });
    expect((await ask(`Bearer ${sign(claims)}`)).error?.status).toBe(503);
  });

  it('takes the HS256 of development', async () => {
    const secret = 'a-development-secret-that-is-long-enough';
    await start({ keys: createKeyProvider({ secret, log: silentLog }) });
    const key = createSecretKey(Buffer.from(secret));
    expect((await ask(`Bearer ${sign(claims, { algorithm: 'HS256' }, key)}`)).actor).toEqual({ userId: 'user-1' });
    expect((await ask(`Bearer ${sign(claims)}`)).error?.status).toBe(401);
  });
});
