import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { type Logger, silentLog } from '../../lib/log.ts';
import { type UsersDatastore } from '../datastore/users.ts';
import { type Actor } from '../policy.ts';
import { createRevocations } from './revocations.ts';

const revokedAt = new Date('2026-03-01T12:00:00.400Z');
const SECOND = Math.floor(revokedAt.getTime() / 1000);

const actor = (userId: string, issuedAt: number): Actor => ({
  userId,
  issuedAt,
  supreme: false,
  campaigns: new Map(),
});

describe('revocations', () => {
  let world: ManagerWorld;
  let users: UsersDatastore;
  const log = silentLog('test');
  beforeEach(async () => {
    world = await openManagerWorld();
    users = world.datastores.users;
  });
  afterEach(() => world.close());

  it('refuse no token where nobody is revoked', async () => {
    const revocations = createRevocations({ users, log });
    await revocations.poll();
    expect(revocations.isRevoked(actor('user', 0))).toBe(false);
  });

  it('refuse what was issued before and in the second of the revocation, and let later tokens pass', async () => {
    await users.revoke('user', revokedAt, revokedAt);
    const revocations = createRevocations({ users, log });
    await revocations.poll();
    expect(revocations.isRevoked(actor('user', SECOND - 3600))).toBe(true);
    expect(revocations.isRevoked(actor('user', SECOND))).toBe(true);
    expect(revocations.isRevoked(actor('user', SECOND + 1))).toBe(false);
    expect(revocations.isRevoked(actor('other', SECOND))).toBe(false);
  });

  it('refuse what was issued in the very second when the revocation falls on its beginning', async () => {
    const sharp = new Date(SECOND * 1000);
    await users.revoke('user', sharp, sharp);
    const revocations = createRevocations({ users, log });
    await revocations.poll();
    expect(revocations.isRevoked(actor('user', SECOND))).toBe(true);
    expect(revocations.isRevoked(actor('user', SECOND + 1))).toBe(false);
  });

  it('are taken in by a poll, also those that another instance wrote', async () => {
    const revocations = createRevocations({ users, log });
    await revocations.poll();
    await users.revoke('user', revokedAt, revokedAt);
    expect(revocations.isRevoked(actor('user', SECOND))).toBe(false);
    await revocations.poll();
    expect(revocations.isRevoked(actor('user', SECOND))).toBe(true);
  });

  it('are found although they were written by a clock that is behind, or became visible late', async () => {
    const revocations = createRevocations({ users, log });
    await users.revoke('first', revokedAt, revokedAt);
    await revocations.poll();
    const before = new Date(revokedAt.getTime() - 59_000);
    await users.revoke('late', before, before);
    await revocations.poll();
    expect(revocations.isRevoked(actor('late', SECOND - 60))).toBe(true);
  });

  it('only move forward: an earlier one takes nothing back', async () => {
    const revocations = createRevocations({ users, log });
    await users.revoke('user', revokedAt, revokedAt);
    await users.revoke('user', new Date(revokedAt.getTime() - 10_000), new Date(revokedAt.getTime() + 1));
    await revocations.poll();
    expect(revocations.isRevoked(actor('user', SECOND))).toBe(true);
  });

  it('outlive the erasure of the user', async () => {
    await users.selectReference(actor('user', 0));
    await users.revoke('user', revokedAt, revokedAt);
    await users.erase('user');
    const revocations = createRevocations({ users, log });
    await revocations.poll();
    expect(revocations.isRevoked(actor('user', SECOND))).toBe(true);
  });

  it('are polled for from the start to the stop; a failure is told, and what is known stays in force', async () => {
    const failures: string[] = [];
    const listening: Logger = { ...log, warn: message => void failures.push(message) };
    let isAway = false;
    let polls = 0;
    const findRevocations: UsersDatastore['findRevocations'] = async since => {
      polls += 1;
      if (isAway) throw new Error('away');
      return users.findRevocations(since);
    };
    const revocations = createRevocations({ users: { ...users, findRevocations }, log: listening });
    const until = async (isTrue: () => boolean): Promise<void> => {
      while (!isTrue()) await new Promise(resolve => setTimeout(resolve, 2));
    };
    await users.revoke('user', revokedAt, revokedAt);
    revocations.start(2);
    await until(() => revocations.isRevoked(actor('user', SECOND)));
    isAway = true;
    await until(() => failures.length > 1);
    expect(failures[0]).toBe('revocations.notPolled');
    expect(revocations.isRevoked(actor('user', SECOND))).toBe(true);
    isAway = false;
    await users.revoke('other', revokedAt, revokedAt);
    await until(() => revocations.isRevoked(actor('other', SECOND)));
    await revocations.stop();
    const atStop = polls;
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(polls).toBe(atStop);
  });
});
