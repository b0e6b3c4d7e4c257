import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { signToken } from '../../lib/auth/sign-token.ts';
import { inspectToken } from '../../scripts/lib/token-inspection.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { runScript } from '../support/script.ts';
import { createToken, TEST_SECRET } from '../support/tokens.ts';

// Each run is a process of its own, and on a busy machine a slow one.
jest.setTimeout(120_000);

const campaignId = 'a'.repeat(24);
const other = 'b'.repeat(24);

async function readClaims(token: string): Promise<Record<string, unknown>> {
  const { stdout } = await runScript('jwt', ['read'], { input: token });
  return (JSON.parse(stdout) as { claims: Record<string, unknown> }).claims;
}

describe('scripts/jwt make', () => {
  it('makes the token of a supreme user, and nothing but the token is printed', async () => {
    const { code, stdout, stderr } = await runScript('jwt', ['make', '--user', 'me', '--supreme', '--expires', '15m']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { iat, exp, ...claims } = await readClaims(stdout);
    expect(claims).toEqual({ userId: 'me', supreme: true });
    expect(Number(exp) - Number(iat)).toBe(15 * 60);
  });

  it('grants actions on campaigns', async () => {
    const grants = [
      '--campaign',
      `${campaignId}:state:update,media:join`,
      '--campaign',
      `${campaignId}:read`,
      '--campaign',
      other,
    ];
    const { stdout } = await runScript('jwt', ['make', '--user', 'me', ...grants]);
    expect((await readClaims(stdout))['campaigns']).toEqual({
      [campaignId]: { actions: ['state:update', 'media:join', 'read'] },
      [other]: { actions: ['read'] },
    });
  });

  it('refuses what would make a token of no use', async () => {
    const wrong = [
      ['make'],
      ['make', '--user', 'me', '--campaign', `${campaignId}:delete`],
      ['make', '--user', 'me', '--campaign', 'summer-tour:read'],
      ['make', '--user', 'me', '--expires', 'soon'],
      ['make', '--user', 'me', '--private-key', 'package.json'],
      [],
    ];
    for (const args of wrong) {
      const { code, stdout } = await runScript('jwt', args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
    }
  });
});

describe('scripts/jwt with key pairs', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'jwt-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const pairs = {
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  };

  for (const [algorithm, generate] of Object.entries(pairs)) {
    it(`makes and accepts tokens of ${algorithm}, for the issuer and audience of the configuration`, async () => {
      const { privateKey, publicKey } = generate();
      const file = path.join(directory, `${algorithm}.pem`);
      await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const variables = {
        JWT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        JWT_ISSUER: 'https://tokens.example',
        JWT_AUDIENCE: 'campaigns',
      };
      const made = await runScript('jwt', ['make', '--user', 'job', '--private-key', file], { variables });
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const read = await runScript('jwt', ['read', made.stdout.trim()], { variables });
      expect(read).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(read.stdout)).toMatchObject({
        header: { alg: algorithm },
        claims: { userId: 'job', iss: 'https://tokens.example', aud: 'campaigns' },
        accepted: true,
      });
    });
  }

  it('says that a private key is needed where tokens are verified with a public one', async () => {
    const publicKey = pairs.ES256().publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const variables = { JWT_PUBLIC_KEY: publicKey };
    const { code, stderr } = await runScript('jwt', ['make', '--user', 'me'], { variables });
    expect(code).toBe(2);
    expect(stderr).toContain('--private-key');
  });
});

describe('scripts/jwt read', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await startTestApp({
      variables: { JWT_ISSUER: 'us', JWT_AUDIENCE: 'campaigns', JWT_MAX_AGE_SECONDS: '600' },
    });
  });
  afterAll(() => test.stop());

  it('says why a token is refused', async () => {
    const token = createToken({ userId: 'me' }, { expiresInSeconds: -60 });
    const { code, stdout, stderr } = await runScript('jwt', ['read', token]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ claims: { userId: 'me' }, accepted: false });
    expect(stderr).toContain('It expired at ');
    const garbled = await runScript('jwt', ['read', 'what?']);
    expect(garbled).toMatchObject({ code: 1, stdout: '' });
    expect(garbled.stderr).toContain('not a token');
  });

  it('takes and refuses what the service takes and refuses, and gives each reason', async () => {
    const now = Math.floor(Date.now() / 1000);
    const good = { userId: 'me', supreme: true, iss: 'us', aud: ['others', 'campaigns'] };
    const sign = (claims: Record<string, unknown>, key = TEST_SECRET): string =>
      signToken(claims, { key, expiresInSeconds: 2000 });
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const tokens: Record<string, { readonly token: string; readonly faults: readonly RegExp[] }> = {
      good: { token: sign(good), faults: [] },
      foreign: { token: sign(good, 'another-secret-of-the-same-great-length'), faults: [/signature/] },
      elsewhere: { token: sign({ ...good, iss: 'them', aud: 'them' }), faults: [/issuer/, /audience/] },
      early: { token: sign({ ...good, nbf: now + 100 }), faults: [/not valid before/] },
      future: { token: sign({ ...good, iat: now + 100 }), faults: [/future/] },
      old: { token: sign({ ...good, iat: now - 1000 }), faults: [/older/] },
      nobody: { token: sign({ ...good, userId: 7 }), faults: [/form/] },
      granted: { token: sign({ ...good, campaigns: { [campaignId]: ['read'] } }), faults: [/form/] },
      unsigned: {
        token: `${encode({ alg: 'none' })}.${encode({ ...good, iat: now, exp: now + 60 })}.`,
        faults: [/none/],
      },
    };
    for (const [name, { token, faults: expected }] of Object.entries(tokens)) {
      const { status } = await fetch(`${test.url}/campaigns/list`, { headers: { authorization: `Bearer ${token}` } });
      const { faults } = await inspectToken(token, test.config.jwt);
      expect({ name, status }).toEqual({ name, status: expected.length === 0 ? 200 : 401 });
      expect({ name, count: faults.length }).toEqual({ name, count: expected.length });
      expected.forEach((pattern, at) => expect(faults[at]).toMatch(pattern));
    }
  });
});
