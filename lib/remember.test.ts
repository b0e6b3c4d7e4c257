import { describe, expect, it } from '@jest/globals';
import { rememberByText } from './remember.ts';

describe('rememberByText', () => {
  const setUp = (options: { max: number; maxLength?: number }) => {
    const asked: string[] = [];
    const select = rememberByText(text => {
      asked.push(text);
      return text.toUpperCase();
    }, options);
    return { asked, select };
  };

  it('asks once for a text', () => {
    const { asked, select } = setUp({ max: 2 });
    expect([select('a'), select('b'), select('a')]).toEqual(['A', 'B', 'A']);
    expect(asked).toEqual(['a', 'b']);
  });

  it('forgets what was not asked for the longest', () => {
    const { asked, select } = setUp({ max: 2 });
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) select(text);
    expect(asked).toEqual(['a', 'b', 'c', 'b']);
  });

  it('keeps no long text', () => {
    const { asked, select } = setUp({ max: 2, maxLength: 3 });
    for (const text of ['abc', 'abcd', 'abcd', 'abc']) select(text);
    expect(asked).toEqual(['abc', 'abcd', 'abcd']);
  });
});
