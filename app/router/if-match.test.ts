import { describe, expect, it } from '@jest/globals';
import { selectExpectedVersion } from './if-match.ts';

describe('If-Match', () => {
  it.each([
    ['"7-full.all"', 7],
    ['"7"', 7],
    [' "12-public.locale-fr-CA" ', 12],
    [undefined, undefined],
    ['*', undefined],
  ])('%j is version %j', (header, version) => {
    expect(selectExpectedVersion(header)).toBe(version);
  });

  it.each([
    ['"7-full.all", "8"', [7, 8]],
    ['"1","2-public.default" , "3"', [1, 2, 3]],
    ['"7", W/"8", "other"', 7],
  ])('%j matches any of its own tags', (header, versions) => {
    expect(selectExpectedVersion(header)).toEqual(versions);
  });

  it.each(['7', '""', '"seven"', 'W/"7"', '', '"7-full.all', '"-1"'])(
    '%j is a version that no document has',
    header => {
      expect(selectExpectedVersion(header)).toBe(-1);
    },
  );
});
