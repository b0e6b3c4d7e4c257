import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { silentLog } from '../../lib/log.ts';
import { type AttemptsDatastore } from '../datastore/attempts.ts';
import { createHousekeeping, type HousekeepingTask } from './housekeeping.ts';

const INTERVAL_MS = 10 * 60 * 1000;
const start = new Date('2026-03-01T12:00:00.000Z');
const expired = new Date('2026-03-01T12:30:00.000Z');

describe('housekeeping', () => {
  const suite = useManagerWorld();
  const warnings: string[] = [];
  const create = (attempts: Pick<AttemptsDatastore, 'purge'>, tasks: Record<string, HousekeepingTask> = {}) =>
    createHousekeeping({
      tasks: { attempts: now => attempts.purge(now), ...tasks },
      clock: () => expired,
      log: { ...silentLog('test'), warn: message => void warnings.push(message) },
    });
  beforeEach(() => {
    warnings.length = 0;
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask', 'performance', 'Date'],
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('removes counts that have expired, in the course of time, and keeps the others', async () => {
    const { attempts } = suite.world.datastores;
    await attempts.add('old', start, 1000);
    await attempts.add('young', expired, 1000);
    const housekeeping = create(attempts);
    housekeeping.start();
    jest.advanceTimersByTime(INTERVAL_MS - 1);
    await expect(attempts.find('old', start)).resolves.not.toBeNull();
    jest.advanceTimersByTime(1);
    await housekeeping.stop();
    await expect(attempts.find('old', start)).resolves.toBeNull();
    await expect(attempts.find('young', expired)).resolves.not.toBeNull();
  });

  it('waits at its stop for what is under way, and does nothing after it', async () => {
    const { attempts } = suite.world.datastores;
    let finish = (): void => undefined;
    let purges = 0;
    const purge = async (): Promise<number> => {
      purges += 1;
      await new Promise<void>(resolve => (finish = resolve));
      return 0;
    };
    const housekeeping = create({ ...attempts, purge });
    housekeeping.start();
    jest.advanceTimersByTime(INTERVAL_MS);
    let isStopped = false;
    const stopped = housekeeping.stop().then(() => (isStopped = true));
    await new Promise(resolve => setImmediate(resolve));
    expect(isStopped).toBe(false);
    finish();
    await stopped;
    jest.advanceTimersByTime(10 * INTERVAL_MS);
    expect(purges).toBe(1);
  });

  it('tells of a failure and tries again', async () => {
    const { attempts } = suite.world.datastores;
    let purges = 0;
    const purge = async (): Promise<number> => {
      purges += 1;
      throw new Error('away');
    };
    const housekeeping = create({ ...attempts, purge });
    housekeeping.start();
    for (let run = 0; run < 2; run += 1) {
      jest.advanceTimersByTime(INTERVAL_MS);
      await new Promise(resolve => setImmediate(resolve));
    }
    await housekeeping.stop();
    expect(purges).toBe(2);
    expect(warnings).toEqual(['housekeeping.failed', 'housekeeping.failed']);
  });

  it('goes on with the next task when one fails, and tells those under way of a stop', async () => {
    const purge = async (): Promise<number> => {
      throw new Error('away');
    };
    const seen: { signal?: AbortSignal } = {};
    const housekeeping = create(
      { purge },
      {
        other: async (_now, signal) => {
          seen.signal = signal;
          await new Promise(resolve => signal.addEventListener('abort', resolve));
        },
      },
    );
    housekeeping.start();
    jest.advanceTimersByTime(INTERVAL_MS);
    await new Promise(resolve => setImmediate(resolve));
    expect(seen.signal?.aborted).toBe(false);
    await housekeeping.stop();
    expect(warnings).toEqual(['housekeeping.failed']);
  });

  it('runs no task beside itself', async () => {
    let runs = 0;
    let finish = (): void => undefined;
    const housekeeping = create({
      purge: async () => {
        runs += 1;
        await new Promise<void>(resolve => (finish = resolve));
        return 0;
      },
    });
    housekeeping.start();
    jest.advanceTimersByTime(3 * INTERVAL_MS);
    expect(runs).toBe(1);
    finish();
    await housekeeping.stop();
  });

  it('stops although it was never started', async () => {
    await expect(create(suite.world.datastores.attempts).stop()).resolves.toBeUndefined();
  });
});
