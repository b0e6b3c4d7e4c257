import { describe, expect, it } from '@jest/globals';
import { retry, selectPauseMs } from './retry.ts';

const quick = { attempts: 3, baseMs: 0, maxMs: 0 };

function failTimes(failures: number) {
  const seen: number[] = [];
  return {
    seen,
    work: async (attempt: number): Promise<string> => {
      seen.push(attempt);
      if (seen.length <= failures) throw new Error(`failure ${seen.length}`);
      return 'done';
    },
  };
}

describe('retry', () => {
  it('gives the result of the first attempt that succeeds', async () => {
    const { seen, work } = failTimes(2);
    await expect(retry(work, quick)).resolves.toBe('done');
    expect(seen).toEqual([1, 2, 3]);
  });

  it('throws the last error when all attempts fail', async () => {
    const { seen, work } = failTimes(9);
    await expect(retry(work, quick)).rejects.toThrow('failure 3');
    expect(seen).toHaveLength(3);
  });

  it('does not try again what trying does not mend', async () => {
    const { seen, work } = failTimes(9);
    await expect(retry(work, { ...quick, shouldRetry: () => false })).rejects.toThrow('failure 1');
    expect(seen).toHaveLength(1);
  });

  it('ends its pause when the signal is aborted, with the last error', async () => {
    const controller = new AbortController();
    const { seen, work } = failTimes(9);
    const result = retry(work, { attempts: 3, baseMs: 3_600_000, maxMs: 3_600_000, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(result).rejects.toThrow('failure 1');
    expect(seen).toHaveLength(1);
  });

  it('waits as long as the error asks for, if that is longer', async () => {
    const controller = new AbortController();
    const { seen, work } = failTimes(9);
    const options = { ...quick, selectWaitMs: () => 3_600_000, signal: controller.signal };
    const result = retry(work, options);
    setImmediate(() => controller.abort());
    await expect(result).rejects.toThrow('failure 1');
    expect(seen).toHaveLength(1);
  });

  it('does not pause at all under a signal that is aborted already', async () => {
    const { work } = failTimes(9);
    await expect(retry(work, { ...quick, signal: AbortSignal.abort() })).rejects.toThrow('failure 1');
  });
});

describe('the pause', () => {
  it('doubles with each attempt up to the longest, and is a random part of that', () => {
    const options = { baseMs: 100, maxMs: 1000 };
    expect([1, 2, 3, 4, 5, 50].map(attempt => selectPauseMs(attempt, options, () => 1))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
    expect(selectPauseMs(3, options, () => 0.25)).toBe(100);
    expect(selectPauseMs(3, options, () => 0)).toBe(0);
  });
});
