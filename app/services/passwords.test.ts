import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { RateLimitedError } from '../../lib/errors.ts';
import { type Attempt, createPasswords, type Passwords } from './passwords.ts';

const LIMIT = 3;
const WINDOW_SECONDS = 300;
const start = new Date('2026-03-01T12:00:00.000Z');
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);

describe('the passwords of campaigns', () => {
  let world: ManagerWorld;
  let passwords: Passwords;
  let hash: string;
  let attempt: (now?: Date) => Attempt;
  beforeAll(async () => {
    world = await openManagerWorld();
    hash = await createPasswords({ limit: 1, windowSeconds: 1 }).hash('open sesame');
  });
  afterAll(() => world.close());
  beforeEach(() => {
    passwords = createPasswords({ limit: LIMIT, windowSeconds: WINDOW_SECONDS });
    const key = randomUUID();
    attempt = (now = start) => ({ attempts: world.datastores.attempts, key, now });
  });

  const fail = async (times: number, by = attempt()): Promise<void> => {
    for (let at = 0; at < times; at += 1) await expect(passwords.verify('wrong', hash, by)).resolves.toBe(false);
  };

  it('are right or wrong', async () => {
    await expect(passwords.verify('open sesame', hash, attempt())).resolves.toBe(true);
    await expect(passwords.verify('Open Sesame', hash, attempt())).resolves.toBe(false);
    await expect(passwords.verify('', hash, attempt())).resolves.toBe(false);
  });

  it('are stored as a salted hash that does not hold them', async () => {
    const [one, other] = await Promise.all([passwords.hash('open sesame'), passwords.hash('open sesame')]);
    expect(one).not.toBe(other);
    expect(one).not.toContain('open sesame');
    await expect(passwords.verify('open sesame', one, attempt())).resolves.toBe(true);
  });

  it('may be wrong so many times, and then even the right one has to wait for the window to end', async () => {
    await fail(LIMIT);
    await expect(passwords.verify('open sesame', hash, attempt())).rejects.toThrow(RateLimitedError);
    await expect(passwords.verify('wrong', hash, attempt(later(WINDOW_SECONDS - 10)))).rejects.toMatchObject({
      headers: { 'retry-after': '10' },
    });
    await expect(passwords.verify('open sesame', hash, attempt(later(WINDOW_SECONDS)))).resolves.toBe(true);
  });

  it('are refused for one key alone: other addresses and campaigns are not touched', async () => {
    await fail(LIMIT);
    const other = { ...attempt(), key: randomUUID() };
    await expect(passwords.verify('open sesame', hash, other)).resolves.toBe(true);
  });

  it('let no more wrong ones through when they all come at once', async () => {
    const tries = Array.from({ length: 12 }, (_, at) => passwords.verify(`wrong ${at}`, hash, attempt()));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMIT);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RateLimitedError);
    }
  });

  it('are remembered once they were right, whatever others at the address get wrong', async () => {
    await expect(passwords.verify('open sesame', hash, attempt())).resolves.toBe(true);
    await fail(LIMIT);
    await expect(passwords.verify('open sesame', hash, attempt())).resolves.toBe(true);
    await expect(passwords.verify('another', hash, attempt())).rejects.toThrow(RateLimitedError);
  });

  it('are wrong, though remembered, once the campaign has another', async () => {
    await expect(passwords.verify('open sesame', hash, attempt())).resolves.toBe(true);
    const changed = await passwords.hash('close sesame');
    await expect(passwords.verify('open sesame', changed, attempt())).resolves.toBe(false);
    await expect(passwords.verify('close sesame', changed, attempt())).resolves.toBe(true);
  });
});
