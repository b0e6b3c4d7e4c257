import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, KeyObject } from 'node:crypto';
import { silentLog as log } from '../log.ts';
import { createKeyProvider } from './key-provider.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;

describe('the key provider', () => {
  it('gives a secret as a key object, for HS256', async () => {
    const keys = createKeyProvider({ secret: 'x'.repeat(32), log });
    expect(keys.algorithms).toEqual(['HS256']);
    const key = await keys.select({ alg: 'HS256' });
    expect(key).toBeInstanceOf(KeyObject);
    expect(key.type).toBe('secret');
  });

  it.each([
    ['RS256', pem(rsa.publicKey)],
    ['RS256', pem(rsa.publicKey).replaceAll('\n', '\\n')],
    ['ES256', pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
    ['ES384', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
  ])('gives a public key as a key object, for %s by its kind', async (algorithm, publicKey) => {
    const keys = createKeyProvider({ publicKey, log });
    expect(keys.algorithms).toEqual([algorithm]);
    expect((await keys.select({})).type).toBe('public');
  });

  it('takes the algorithms that are asked for', () => {
    expect(createKeyProvider({ publicKey: pem(rsa.publicKey), algorithms: ['PS256'], log }).algorithms).toEqual([
      'PS256',
    ]);
  });

  it.each([
    ['no source', {}],
    ['two sources', { secret: 'x'.repeat(32), jwksUrl: 'http://127.0.0.1/' }],
    ['a secret for a public key’s algorithm', { secret: 'x'.repeat(32), algorithms: ['RS256'] }],
    ['a public key for a secret’s algorithm', { publicKey: pem(rsa.publicKey), algorithms: ['RS256', 'HS256'] }],
    ['none', { publicKey: pem(rsa.publicKey), algorithms: ['none'] }],
    ['garbage', { publicKey: 'garbage' }],
    ['a private key', { publicKey: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }],
    ['a short RSA key', { publicKey: pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) }],
    ['a key that signs no tokens', { publicKey: pem(generateKeyPairSync('x25519').publicKey) }],
    ['an address that is none', { jwksUrl: 'not a url' }],
  ])('refuses %s', (_case, options) => {
    expect(() => createKeyProvider({ ...options, log })).toThrow();
  });
});
