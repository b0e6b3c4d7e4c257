import { beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryCollection } from '../../test/support/memory-collection.ts';
import { createLocks, spec, type LockDocument, type Locks } from './locks.ts';

describe('a lease', () => {
  let locks: Locks;
  let time: { now: number };
  beforeEach(() => {
    time = { now: Date.UTC(2026, 0, 1) };
    locks = createLocks({ collection: createMemoryCollection<LockDocument>(spec), clock: () => new Date(time.now) });
  });

  it('goes to one of two contenders', async () => {
    const leases = await Promise.all([locks.acquire('refresh', 'a', 1000), locks.acquire('refresh', 'b', 1000)]);
    expect(leases.filter(lease => lease !== null)).toEqual([
      { name: 'refresh', owner: 'a', token: 1, expiresAt: new Date(time.now + 1000) },
    ]);
  });

  it('is not given twice to the same owner', async () => {
    await locks.acquire('refresh', 'a', 1000);
    expect(await locks.acquire('refresh', 'a', 1000)).toBeNull();
  });

  it('holds one name and no other', async () => {
    await locks.acquire('refresh', 'a', 1000);
    expect(await locks.acquire('delivery', 'b', 1000)).toMatchObject({ name: 'delivery', token: 1 });
  });

  it('goes to another when it has expired, with a larger token', async () => {
    await locks.acquire('refresh', 'a', 1000);
    time.now += 999;
    expect(await locks.acquire('refresh', 'b', 1000)).toBeNull();
    time.now += 1;
    expect(await locks.acquire('refresh', 'b', 1000)).toMatchObject({ owner: 'b', token: 2 });
    expect(await locks.acquire('refresh', 'c', 1000)).toBeNull();
  });

  it('lasts longer when it is renewed in time', async () => {
    const lease = await locks.acquire('refresh', 'a', 1000);
    time.now += 600;
    const renewed = lease && (await locks.renew(lease, 1000));
    expect(renewed).toEqual({ ...lease, expiresAt: new Date(time.now + 1000) });
    time.now += 600;
    expect(await locks.acquire('refresh', 'b', 1000)).toBeNull();
  });

  it('cannot be renewed or released by a holder who let it expire', async () => {
    const stale = await locks.acquire('refresh', 'a', 1000);
    if (stale === null) throw new Error('The lease was free.');
    time.now += 1000;
    expect(await locks.renew(stale, 1000)).toBeNull();
    const next = await locks.acquire('refresh', 'a', 1000);
    expect(await locks.renew(stale, 1000)).toBeNull();
    expect(await locks.release(stale)).toBe(false);
    expect(next && (await locks.renew(next, 1000))).toMatchObject({ token: 2 });
  });

  it('is free at once when it is released, and its token grows still', async () => {
    const lease = await locks.acquire('refresh', 'a', 1000);
    expect(lease && (await locks.release(lease))).toBe(true);
    expect(await locks.acquire('refresh', 'b', 1000)).toMatchObject({ owner: 'b', token: 2 });
  });
});
