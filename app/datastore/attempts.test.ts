import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { type AttemptsDatastore } from './attempts.ts';

const WINDOW_MS = 60_000;
const start = new Date('2026-03-01T12:00:00.000Z');
const later = (ms: number): Date => new Date(start.getTime() + ms);

describe('the counts of failed attempts', () => {
  let world: ManagerWorld;
  let attempts: AttemptsDatastore;
  let key: string;
  beforeAll(async () => {
    world = await openManagerWorld();
    attempts = world.datastores.attempts;
  });
  afterAll(() => world.close());
  beforeEach(() => {
    key = randomUUID();
  });

  it('are none at first', async () => {
    await expect(attempts.find(key, start)).resolves.toBeNull();
  });

  it('add up within a window that the first failure opens and no later one moves', async () => {
    await attempts.add(key, start, WINDOW_MS);
    await attempts.add(key, later(WINDOW_MS - 1), WINDOW_MS);
    await expect(attempts.find(key, later(WINDOW_MS - 1))).resolves.toMatchObject({
      count: 2,
      expiresAt: later(WINDOW_MS),
    });
    await expect(attempts.find(key, later(WINDOW_MS))).resolves.toBeNull();
  });

  it('begin anew with the first failure after the window', async () => {
    await attempts.add(key, start, WINDOW_MS);
    await attempts.add(key, start, WINDOW_MS);
    await attempts.add(key, later(WINDOW_MS), WINDOW_MS);
    await expect(attempts.find(key, later(WINDOW_MS))).resolves.toMatchObject({
      count: 1,
      expiresAt: later(2 * WINDOW_MS),
    });
  });

  it('miss none of many that come at once, in a new window and in the one after it', async () => {
    for (const now of [start, later(WINDOW_MS)]) {
      await Promise.all(Array.from({ length: 25 }, () => attempts.add(key, now, WINDOW_MS)));
      await expect(attempts.find(key, now)).resolves.toMatchObject({
        count: 25,
        expiresAt: new Date(now.getTime() + WINDOW_MS),
      });
    }
  });

  it('are kept apart by their keys', async () => {
    await attempts.add(key, start, WINDOW_MS);
    await expect(attempts.find(`${key}x`, start)).resolves.toBeNull();
  });

  it('are removed once they have expired, and not before', async () => {
    await attempts.purge(later(100 * WINDOW_MS));
    const other = randomUUID();
    await attempts.add(key, start, WINDOW_MS);
    await attempts.add(other, later(1), WINDOW_MS);
    await expect(attempts.purge(later(WINDOW_MS))).resolves.toBe(1);
    await expect(attempts.purge(later(WINDOW_MS))).resolves.toBe(0);
    await expect(attempts.find(other, start)).resolves.toMatchObject({ count: 1 });
  });
});
