import { describe, expect, it } from '@jest/globals';
import { ServiceUnavailableError } from './errors.ts';
import { toErrorName } from './error-name.ts';

describe('toErrorName', () => {
  it.each([
    [new ServiceUnavailableError('mongodb'), 'SERVICE_UNAVAILABLE'],
    [new TypeError('secret text'), 'TypeError'],
    ['a text', 'unknown'],
    [null, 'unknown'],
  ])('of %p is %s', (thrown, name) => {
    expect(toErrorName(thrown)).toBe(name);
  });
});
