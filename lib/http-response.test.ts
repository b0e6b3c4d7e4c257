import { describe, expect, it } from '@jest/globals';
import { selectRetryAfterMs } from './http-response.ts';

describe('Retry-After', () => {
  const read = (text: string) => selectRetryAfterMs(new Headers({ 'retry-after': text }), () => 1_000);

  it('is read as seconds or as a date', () => {
    expect(read('3')).toBe(3_000);
    expect(read('Thu, 01 Jan 1970 00:00:11 GMT')).toBe(10_000);
    expect(read('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(0);
  });

  it('is nothing when it is missing or makes no sense', () => {
    expect(selectRetryAfterMs(new Headers())).toBeUndefined();
    expect(read('soon')).toBeUndefined();
  });
});
