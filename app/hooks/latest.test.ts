import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLatest } from './latest.ts';

interface Item {
  readonly key: string;
  readonly value: number;
}

describe('holding back the latest', () => {
  const released: Item[] = [];
  const create = (delayMs: number) =>
    createLatest<Item>({ delayMs, keyOf: item => item.key, release: item => void released.push(item) });

  beforeEach(() => {
    released.length = 0;
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('lets go of the latest item of each key when the time has passed', () => {
    const latest = create(100);
    latest.add({ key: 'a', value: 1 });
    latest.add({ key: 'b', value: 2 });
    latest.add({ key: 'a', value: 3 });
    jest.advanceTimersByTime(99);
    expect(released).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(released).toEqual([
      { key: 'a', value: 3 },
      { key: 'b', value: 2 },
    ]);
  });

  it('begins a new round after each release', () => {
    const latest = create(100);
    latest.add({ key: 'a', value: 1 });
    jest.advanceTimersByTime(100);
    latest.add({ key: 'a', value: 2 });
    jest.advanceTimersByTime(100);
    expect(released.map(item => item.value)).toEqual([1, 2]);
  });

  it('lets go of everything at once when it is flushed', () => {
    const latest = create(100);
    latest.add({ key: 'a', value: 1 });
    latest.flush();
    expect(released).toHaveLength(1);
    jest.advanceTimersByTime(1000);
    expect(released).toHaveLength(1);
  });

  it('holds nothing back without a delay', () => {
    create(0).add({ key: 'a', value: 1 });
    expect(released).toHaveLength(1);
  });
});
