import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { type Actor } from '../policy.ts';
import { systemActor } from '../system-actor.ts';
import { createUsersDatastore, digestUserId, spec, type UserDocument, type UsersDatastore } from './users.ts';

const actor = (userId: string): Actor => ({ userId, supreme: false, campaigns: new Map(), issuedAt: 0 });

describe('the datastore of users', () => {
  let world: ManagerWorld;
  let users: UsersDatastore;
  let userId: string;
  /** The datastore of another instance: the same rows, a memory of its own. */
  const openInstance = (): UsersDatastore =>
    createUsersDatastore({ collection: world.store.collection<UserDocument>(spec), clock: () => new Date() });

  beforeAll(async () => {
    world = await openManagerWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    users = openInstance();
    userId = `user-${randomUUID()}`;
  });

  it('gives a user one reference, on every instance and each time', async () => {
    const reference = await users.selectReference(actor(userId));
    await expect(users.selectReference(actor(userId))).resolves.toBe(reference);
    await expect(openInstance().selectReference(actor(userId))).resolves.toBe(reference);
    await expect(openInstance().findReference(userId)).resolves.toBe(reference);
  });

  it('gives references that say nothing of the user', async () => {
    const reference = await users.selectReference(actor(userId));
    expect(reference).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(userId).not.toContain(reference);
    await users.erase(userId);
    await expect(openInstance().selectReference(actor(userId))).resolves.not.toBe(reference);
  });

  it('gives one reference to all who ask at once for the first time', async () => {
    const references = await Promise.all(
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? users : openInstance()).selectReference(actor(userId))),
    );
    expect(new Set(references).size).toBe(1);
  });

  it('looks a reference up once for all who ask meanwhile, and again after an error', async () => {
    const collection = world.store.collection<UserDocument>(spec);
    let asked = 0;
    let isAway = true;
    const counting = createUsersDatastore({
      collection: {
        ...collection,
        findOne: async (...args) => {
          asked += 1;
          if (isAway) throw new Error('away');
          return collection.findOne(...args);
        },
      },
      clock: () => new Date(),
    });
    const askAll = () => Promise.allSettled(Array.from({ length: 5 }, () => counting.selectReference(actor(userId))));
    expect((await askAll()).map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    isAway = false;
    expect(new Set((await askAll()).map(one => (one as { value?: string }).value)).size).toBe(1);
    expect(asked).toBe(2);
  });

  it('does not remember what was looked up while the user was erased', async () => {
    const before = await users.selectReference(actor(userId));
    const collection = world.store.collection<UserDocument>(spec);
    let goOn = (): void => undefined;
    const held = new Promise<void>(resolve => (goOn = resolve));
    let isHeld = true;
    const slow = createUsersDatastore({
      collection: {
        ...collection,
        findOne: async (...args) => {
          const found = await collection.findOne(...args);
          if (isHeld) await held;
          return found;
        },
      },
      clock: () => new Date(),
    });
    const asking = slow.selectReference(actor(userId));
    // It has been read by then.
    await slow.selectUserIds([before]);
    isHeld = false;
    await slow.erase(userId);
    goOn();
    await asking;
    await expect(slow.selectReference(actor(userId))).resolves.not.toBe(before);
  });

  it('names the service itself where it acts, and where nobody does; not a user who is called so', async () => {
    await expect(users.selectReference(null)).resolves.toBe('system');
    await expect(users.selectReference(systemActor)).resolves.toBe('system');
    await expect(users.selectReference(actor('system'))).resolves.not.toBe('system');
  });

  it('makes no reference where one is only looked for', async () => {
    await expect(users.findReference(userId)).resolves.toBeNull();
    await expect(users.findReference(userId)).resolves.toBeNull();
  });

  it('leads from references back to users, as long as they are not erased', async () => {
    const erased = `erased-${randomUUID()}`;
    const [one, other] = await Promise.all([userId, erased].map(id => users.selectReference(actor(id))));
    await users.erase(erased);
    const found = await users.selectUserIds([one ?? '', other ?? '', one ?? '', 'system', 'unknown']);
    expect(found).toEqual(new Map([[one, userId]]));
  });

  it('erases once, and forgets at once', async () => {
    const before = await users.selectReference(actor(userId));
    await expect(users.erase(userId)).resolves.toBe(true);
    await expect(users.erase(userId)).resolves.toBe(false);
    await expect(users.findReference(userId)).resolves.toBeNull();
    const after = await users.selectReference(actor(userId));
    expect(after).not.toBe(before);
    await expect(users.selectUserIds([before])).resolves.toEqual(new Map());
  });

  it('keeps revocations by a digest, beside the mapping and apart from it', async () => {
    const at = new Date('2026-03-01T12:00:00.000Z');
    await users.selectReference(actor(userId));
    await users.revoke(userId, at, at);
    await users.erase(userId);
    const revocations = await users.findRevocations(at);
    expect(revocations).toContainEqual({ digest: digestUserId(userId), notBefore: at, revokedAt: at });
    expect(JSON.stringify(revocations)).not.toContain(userId);
  });

  it('finds the revocations from an instant on, and keeps the latest of a user', async () => {
    const at = (second: number): Date => new Date(Date.UTC(2027, 0, 1, 0, 0, second));
    await users.revoke(userId, at(5), at(5));
    await users.revoke(userId, at(1), at(6));
    const mine = async (since: Date) =>
      (await users.findRevocations(since)).filter(({ digest }) => digest === digestUserId(userId));
    await expect(mine(at(6))).resolves.toEqual([{ digest: digestUserId(userId), notBefore: at(5), revokedAt: at(6) }]);
    await expect(mine(at(7))).resolves.toEqual([]);
  });
});
