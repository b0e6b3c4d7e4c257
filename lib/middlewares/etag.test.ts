import { describe, expect, it } from '@jest/globals';
import { matchesEtag } from './etag.ts';

describe('matchesEtag', () => {
  it.each([
    ['"a"', '"a"'],
    ['W/"a"', '"a"'],
    ['"a"', 'W/"a"'],
    ['"x", "a,b"', '"a,b"'],
    [' * ', '"a"'],
  ])('is true of %s and %s', (header, etag) => {
    expect(matchesEtag(header, etag)).toBe(true);
  });

  it.each([
    ['"b"', '"a"'],
    ['a', '"a"'],
    ['"a', '"a"'],
    ['"a, b"', '"b"'],
    ['', '"a"'],
  ])('is false of %s and %s', (header, etag) => {
    expect(matchesEtag(header, etag)).toBe(false);
  });
});
