import { describe, expect, it } from '@jest/globals';
import { ValidationError } from './errors.ts';
import { throwIfUnsafeJson } from './json-guard.ts';

function selectFault(text: string): unknown {
  try {
    throwIfUnsafeJson(JSON.parse(text));
    return null;
  } catch (error) {
    return error instanceof ValidationError ? error.details : error;
  }
}

function nest(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('the JSON guard', () => {
  it.each(['null', '1', '"$where"', '{"a":{"b":[1,{"c":"$x.y"}]}}', '{"a$b":1,"":2,"proto":3}', nest(32)])(
    'lets %s pass',
    text => {
      expect(selectFault(text)).toBeNull();
    },
  );

  it.each([
    ['{"$where":1}', '/$where'],
    ['{"a":[{"b.c":1}]}', '/a/0/b.c'],
    ['{"a\\u0000":1}', '/a\0'],
    ['{"x":{"__proto__":{}}}', '/x/__proto__'],
    ['{"constructor":1}', '/constructor'],
    ['{"a/b":{"prototype":1}}', '/a~1b/prototype'],
  ])('refuses %s and names %s', (text, path) => {
    expect(selectFault(text)).toEqual([{ path, message: 'is not an allowed name' }]);
  });

  it('refuses what is nested deeper than 32', () => {
    expect(selectFault(nest(33))).toEqual([{ path: '/0'.repeat(32), message: 'is nested too deeply' }]);
  });

  it('survives a depth that would end a recursion', () => {
    expect(selectFault(nest(100_000))).toHaveLength(1);
  });
});
