import { describe, expect, it } from '@jest/globals';
import { readText } from './text-value.ts';

describe('readText', () => {
  it.each([
    ['5', { type: 'integer' }, 5],
    ['-5', { type: 'integer' }, -5],
    ['0.5', { type: 'number' }, 0.5],
    ['true', { type: 'boolean' }, true],
    ['false', { type: ['boolean', 'null'] }, false],
    ['5', { type: 'string' }, '5'],
    ['5', {}, '5'],
    ['a, b', { type: 'array', items: { type: 'string' } }, ['a', 'b']],
    [['1', '2,3'], { type: 'array', items: { type: 'integer' } }, [1, 2, 3]],
    ['a,b', { type: 'array' }, ['a', 'b']],
  ])('reads %j as %j wants it', (text, schema, value) => {
    expect(readText(text, schema)).toEqual(value);
  });

  it.each([
    ['', 'integer'],
    ['05', 'integer'],
    ['+5', 'integer'],
    ['0x10', 'integer'],
    ['1e3', 'number'],
    ['.5', 'number'],
    ['Infinity', 'number'],
    ['TRUE', 'boolean'],
    ['1', 'boolean'],
  ])('leaves %j a text where a %s is wanted', (text, type) => {
    expect(readText(text, { type })).toBe(text);
  });
});
