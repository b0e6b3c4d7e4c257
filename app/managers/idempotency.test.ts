import { describe, expect, it } from '@jest/globals';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { supreme } from '../../test/support/manager-world.ts';
import { IdempotencyKeyReusedError, ServiceUnavailableError } from '../../lib/errors.ts';
import { isId } from '../../lib/ids.ts';
import { DuplicateKeyError } from '../datastore/store/collection.ts';
import { contactManager } from './contacts.ts';
import { createOnce, type IdempotencyKey, type IdempotencyRecord, selectIdempotencyKey } from './idempotency.ts';

const route = 'POST /contacts';

function keyOf(userId: string, of: string, key: string, body: unknown): IdempotencyKey {
  const made = selectIdempotencyKey(userId, of, key, body);
  if (made === undefined) throw new Error('There is no key.');
  return made;
}

describe('an idempotency key', () => {
  it('is none where none was sent', () => {
    expect(selectIdempotencyKey('user', route, undefined, {})).toBeUndefined();
  });

  it('stands for one document: of one caller, on one route, under one key', () => {
    const { documentId } = keyOf('user', route, 'key', { a: 1 });
    expect(isId(documentId)).toBe(true);
    expect(keyOf('user', route, 'key', { a: 2 }).documentId).toBe(documentId);
    const others = [
      keyOf('other', route, 'key', { a: 1 }),
      keyOf('user', 'POST /promoters', 'key', { a: 1 }),
      keyOf('user', route, 'other', { a: 1 }),
      // No two parts run into each other.
      keyOf('userP', 'OST /contacts', 'key', { a: 1 }),
    ].map(key => key.documentId);
    expect(new Set([documentId, ...others]).size).toBe(5);
  });

  it('stands for one body', () => {
    const { bodyHash } = keyOf('user', route, 'key', { a: 1 });
    expect(keyOf('user', route, 'key', { a: 1 }).bodyHash).toBe(bodyHash);
    expect(keyOf('user', route, 'key', { a: 2 }).bodyHash).not.toBe(bodyHash);
    expect(bodyHash).not.toContain('a');
  });

  it('keeps no hash from which a short secret could be guessed', () => {
    const hash = (secret: Record<string, string>) => keyOf('user', route, 'key', { name: 'A', ...secret }).bodyHash;
    for (const field of ['password', 'email', 'phone']) expect(hash({ [field]: '1234' })).toBe(hash({}));
  });

  it('takes a body for the same whatever the order of its members, though not of its lists', () => {
    const hash = (body: unknown) => keyOf('user', route, 'key', body).bodyHash;
    expect(hash({ b: { d: 1, c: [1, 2] }, a: null })).toBe(hash({ a: null, b: { c: [1, 2], d: 1 } }));
    expect(hash({ a: [1, 2] })).not.toBe(hash({ a: [2, 1] }));
    expect(hash({ a: {} })).not.toBe(hash({ a: [] }));
  });
});

/** What is made under a key, as far as the key is concerned. */
interface Made {
  readonly _id: string;
  readonly idempotency?: IdempotencyRecord;
}

describe('making something once', () => {
  const suite = useManagerWorld();
  const body = { name: 'Somebody' };
  const key = keyOf(supreme.userId, route, 'once', body);
  const refuse = (index: string) => async (): Promise<never> => {
    throw new DuplicateKeyError('contacts', index);
  };
  const document = (bodyHash: string) => ({ _id: key.documentId, idempotency: { bodyHash } });

  it('makes it under a new id where there is no key', async () => {
    const given: unknown[] = [];
    const insert = async (id: string | undefined, idempotency: IdempotencyRecord | undefined): Promise<Made> => {
      given.push(id, idempotency);
      return { _id: 'new' };
    };
    const ctx = suite.world.createContext();
    await expect(createOnce(ctx, { key: undefined, find: async () => null, insert })).resolves.toEqual({ _id: 'new' });
    expect(given).toEqual([undefined, undefined]);
  });

  it('gives again what the key made, whichever index refused it', async () => {
    const ctx = suite.world.createContext();
    const find = async () => document(key.bodyHash);
    for (const index of ['_id', 'nameKey']) {
      await expect(createOnce(ctx, { key, find, insert: refuse(index) })).resolves.toEqual(document(key.bodyHash));
    }
  });

  it('refuses another body under the same key, and a document that was made without one', async () => {
    const ctx = suite.world.createContext();
    for (const found of [document('another hash'), { _id: key.documentId }]) {
      const again = createOnce<Made>(ctx, {
        key,
        find: async () => found,
        insert: refuse('_id'),
      });
      await expect(again).rejects.toThrow(IdempotencyKeyReusedError);
    }
  });

  it('throws what hindered it when it was not the key', async () => {
    const ctx = suite.world.createContext();
    const find = async () => null;
    await expect(createOnce(ctx, { key, find, insert: refuse('nameKey') })).rejects.toMatchObject({ index: 'nameKey' });
    const insert = () => Promise.reject(new Error('broken'));
    await expect(createOnce(ctx, { key, find, insert })).rejects.toThrow('broken');
  });

  it('asks to try again while the document of the key is being deleted', async () => {
    const ctx = suite.world.createContext();
    const other = keyOf('nobody', route, 'never recorded', body);
    const again = createOnce(ctx, { key: other, find: async () => null, insert: refuse('_id') });
    await expect(again).rejects.toThrow(ServiceUnavailableError);
  });

  it('gives the last content of what was deleted since, and makes it no second time', async () => {
    const ctx = suite.world.createContext();
    const made = await contactManager.create(ctx, body, key);
    await contactManager.update(ctx, made._id, { name: 'Renamed' });
    await contactManager.remove(ctx, made._id);
    await suite.world.dispatcher.drain();
    await expect(contactManager.create(ctx, body, key)).resolves.toMatchObject({ _id: made._id, version: 3 });
    await expect(ctx.datastore.contacts.findById(made._id)).resolves.toBeNull();
    const reused = keyOf(supreme.userId, route, 'once', { name: 'Another' });
    await expect(contactManager.create(ctx, { name: 'Another' }, reused)).rejects.toThrow(IdempotencyKeyReusedError);
  });
});
