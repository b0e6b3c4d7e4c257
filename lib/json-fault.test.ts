import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findJsonFault } from './json-fault.ts';

describe('findJsonFault', () => {
  it.each([
    ['', 0],
    ['{', 1],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['[01]', 1],
    ['{"a":tru}', 5],
    ['{"a":"b\nc"}', 5],
    ['{"a":1}}', 7],
    ['{"a":1} x', 8],
    ['["\\x"]', 1],
    ['{"a":[{"b":nul}]}', 11],
    ['[1}', 2],
  ])('finds where %j breaks', (text, offset) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(findJsonFault(text).offset).toBe(offset);
  });

  it('counts lines and columns from one', () => {
    expect(findJsonFault('{\n  "a": 1,\n  "b": x\n}')).toEqual({ offset: 19, line: 3, column: 8 });
  });

  it('reads everything that is JSON to its end', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        expect(findJsonFault(text).offset).toBe(text.length);
      }),
    );
  });

  it('is not ended by deep nesting', () => {
    expect(findJsonFault('['.repeat(200_000)).offset).toBe(200_000);
  });
});
