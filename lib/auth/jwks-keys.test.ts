import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, type JsonWebKey, KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ServiceUnavailableError, UnauthenticatedError } from '../errors.ts';
import { silentLog as log } from '../log.ts';
import { createJwksKeys, type JwksOptions } from './jwks-keys.ts';
import { type KeyProvider } from './keys.ts';

function createKey(kid: string): JsonWebKey {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

describe('keys from a JWKS', () => {
  let server: Server;
  let url: URL;
  let published: JsonWebKey[];
  let fetchCount: number;
  let status: number;
  let keys: KeyProvider;

  beforeEach(async () => {
    published = [createKey('a')];
    fetchCount = 0;
    status = 200;
    server = createServer((_request, response) => {
      fetchCount += 1;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: published }));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
  });

  afterEach(async () => {
    keys.close();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  function start(options: Partial<JwksOptions> = {}): KeyProvider {
    keys = createJwksKeys({ url, algorithms: ['ES256'], log, jwksCooldownMs: 0, ...options });
    return keys;
  }

  it('are fetched once and given as key objects', async () => {
    start();
    const key = await keys.select({ alg: 'ES256', kid: 'a' });
    expect(key).toBeInstanceOf(KeyObject);
    expect(await keys.select({ alg: 'ES256', kid: 'a' })).toBe(key);
    expect(fetchCount).toBe(1);
  });

  it('are found without a key id when there is one that fits', async () => {
    await expect(start().select({ alg: 'ES256' })).resolves.toBeInstanceOf(KeyObject);
  });

  it('refuse an algorithm that is not accepted, without asking anybody', async () => {
    start();
    await expect(keys.select({ alg: 'HS256', kid: 'a' })).rejects.toThrow(UnauthenticatedError);
    await expect(keys.select({ kid: 'a' })).rejects.toThrow(UnauthenticatedError);
    await expect(keys.select({ alg: 'none' })).rejects.toThrow(UnauthenticatedError);
    expect(fetchCount).toBe(0);
  });

  it('refuse a key id that nobody knows as unauthenticated', async () => {
    await expect(start().select({ alg: 'ES256', kid: 'x' })).rejects.toThrow(UnauthenticatedError);
  });

  it('do not ask again for each unknown key id', async () => {
    start({ jwksCooldownMs: 60_000 });
    for (const kid of ['x', 'y', 'z'])
      await expect(keys.select({ alg: 'ES256', kid })).rejects.toThrow(UnauthenticatedError);
    expect(fetchCount).toBe(1);
  });

  it('find a new key, and tell that keys changed', async () => {
    start();
    let rotations = 0;
    keys.onRotation(() => (rotations += 1));
    await keys.select({ alg: 'ES256', kid: 'a' });
    published = [createKey('b')];
    await expect(keys.select({ alg: 'ES256', kid: 'b' })).resolves.toBeInstanceOf(KeyObject);
    expect(rotations).toBe(1);
    await expect(keys.select({ alg: 'ES256', kid: 'a' })).rejects.toThrow(UnauthenticatedError);
  });

  it('notice by themselves that a key was withdrawn', async () => {
    start({ jwksRefreshMs: 10 });
    await keys.select({ alg: 'ES256', kid: 'a' });
    const rotated = new Promise<void>(resolve => keys.onRotation(resolve));
    published = [createKey('b')];
    await rotated;
    await expect(keys.select({ alg: 'ES256', kid: 'a' })).rejects.toThrow(UnauthenticatedError);
  });

  it('that cannot be fetched are unavailable, which says nothing about the token', async () => {
    status = 500;
    await expect(start().select({ alg: 'ES256', kid: 'a' })).rejects.toThrow(ServiceUnavailableError);
    status = 200;
    await expect(keys.select({ alg: 'ES256', kid: 'a' })).resolves.toBeInstanceOf(KeyObject);
    keys.close();
    start({ url: new URL('http://127.0.0.1:9/') });
    await expect(keys.select({ alg: 'ES256', kid: 'a' })).rejects.toThrow(ServiceUnavailableError);
  });

  it('that are known go on serving while they cannot be refreshed', async () => {
    start({ jwksRefreshMs: 5 });
    await keys.select({ alg: 'ES256', kid: 'a' });
    status = 500;
    const before = fetchCount;
    while (fetchCount < before + 3) await new Promise(resolve => setTimeout(resolve, 5));
    await expect(keys.select({ alg: 'ES256', kid: 'a' })).resolves.toBeInstanceOf(KeyObject);
  });
});
