import { describe, expect, it } from '@jest/globals';
import { type ErrorDetail, ValidationError } from '../errors.ts';
import { compileSchemas, createQueryReader, createValidator, type Validator } from './validator.ts';

const schema = {
  $id: 'thing',
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 5, pattern: '^[a-z]+$', description: 'The name.' },
    status: { type: 'string', enum: ['DRAFT', 'OPEN'] },
    count: { type: 'integer', minimum: 1, maximum: 9 },
    tags: { type: 'array', items: { type: 'string' }, uniqueItems: true, maxItems: 2 },
    date: {
      $id: 'date',
      type: 'object',
      additionalProperties: false,
      properties: { open: { type: 'string', format: 'date-time' } },
    },
    labels: {
      type: 'object',
      propertyNames: { type: 'string', pattern: '^[a-z]{2}(-[A-Z]{2})?$' },
      additionalProperties: { type: 'string' },
    },
  },
} as const;

function selectFaults(value: unknown): ErrorDetail[] {
  return createValidator(schema).selectFaults(value);
}

describe('a validator', () => {
  it('lets pass what is valid', () => {
    const validator: Validator<{ name: string }> = createValidator(schema);
    const value: unknown = {
      name: 'abc',
      status: 'OPEN',
      count: 3,
      tags: ['x'],
      date: { open: '2026-01-15T12:00:00Z' },
    };
    validator.throwIfInvalid(value);
    expect(value.name).toBe('abc');
  });

  it('throws every fault at once, each with its pointer and a sentence', () => {
    const validator: Validator<unknown> = createValidator(schema);
    const check = (): void =>
      validator.throwIfInvalid({
        status: 'GONE',
        count: 0,
        tags: ['a', 'a', 'b'],
        date: { open: 'soon', 'a/b': 1 },
        other: 1,
      });
    expect(check).toThrow(ValidationError);
    try {
      check();
    } catch (error) {
      expect((error as ValidationError).details).toEqual(
        expect.arrayContaining([
          { path: '/name', message: 'is required' },
          { path: '/other', message: 'is not a known field' },
          { path: '/status', message: 'must be one of: DRAFT, OPEN' },
          { path: '/count', message: 'must be at least 1' },
          { path: '/tags', message: 'must have at most 2 items' },
          { path: '/tags', message: 'must not repeat an item' },
          { path: '/date/open', message: 'must be an instant such as 2026-01-15T12:00:00Z' },
          { path: '/date/a~1b', message: 'is not a known field' },
        ]),
      );
      expect((error as ValidationError).details).toHaveLength(8);
    }
  });

  it.each<[unknown, ErrorDetail]>([
    [null, { path: '', message: 'must be an object' }],
    [{ name: 1 }, { path: '/name', message: 'must be a string' }],
    [
      { name: 'a', count: 1.5 },
      { path: '/count', message: 'must be an integer' },
    ],
    [{ name: '' }, { path: '/name', message: 'must have at least 1 character' }],
    [{ name: 'A' }, { path: '/name', message: 'has the wrong form' }],
    [
      { name: 'a', count: '3' },
      { path: '/count', message: 'must be an integer' },
    ],
  ])('says what is wrong with %j', (value, fault) => {
    expect(selectFaults(value)).toContainEqual(fault);
  });

  it('holds nothing but its length against a text that is too long', () => {
    expect(selectFaults({ name: 'A'.repeat(6) })).toEqual([
      { path: '/name', message: 'must have at most 5 characters' },
    ]);
  });

  it('finds an own __proto__ among the unknown fields', () => {
    expect(selectFaults(JSON.parse('{"name":"a","__proto__":{}}'))).toEqual([
      { path: '/__proto__', message: 'is not a known field' },
    ]);
  });

  it('names a bad name by its own rule alone', () => {
    expect(selectFaults({ name: 'a', labels: { 'not a locale': 'x' } })).toEqual([
      { path: '/labels/not a locale', message: 'is not an allowed name' },
    ]);
  });

  it('changes nothing', () => {
    const value = { name: 'abc', count: 3 };
    selectFaults(value);
    expect(value).toEqual({ name: 'abc', count: 3 });
  });

  it('can be made twice of one schema, and of one that is part of another', () => {
    for (const one of [schema, schema, schema.properties.date]) createValidator(one);
    expect(compileSchemas).not.toThrow();
  });

  it('refuses a schema that is wrong', () => {
    expect(() => createValidator({ type: 'object', properties: { a: { type: 'strin' } } }).selectFaults({})).toThrow();
    expect(() => createValidator({ type: 'object', propertees: {} }).selectFaults({})).toThrow(/propertees/);
  });

  it('is compiled when it is needed first, or when all are', () => {
    compileSchemas();
    createValidator({ type: 'object', propertees: {} });
    expect(compileSchemas).toThrow(/propertees/);
    expect(compileSchemas).not.toThrow();
  });
});

describe('a query reader', () => {
  const reader = createQueryReader<Record<string, unknown>>({
    type: 'object',
    additionalProperties: false,
    required: ['q'],
    properties: {
      q: { type: 'string', minLength: 1 },
      page: { type: 'integer', minimum: 0, default: 0 },
      ratio: { type: 'number' },
      all: { type: 'boolean' },
      ids: { type: 'array', items: { type: 'integer' }, maxItems: 3 },
    },
  });

  it('reads texts as what the schema wants, and fills in defaults', () => {
    expect({ ...reader.read({ q: '5', ratio: '0.5', all: 'false', ids: '1,2' }) }).toEqual({
      q: '5',
      page: 0,
      ratio: 0.5,
      all: false,
      ids: [1, 2],
    });
  });

  it('takes a list by repetition too', () => {
    expect(reader.read({ q: 'x', ids: ['1', '2,3'] })['ids']).toEqual([1, 2, 3]);
  });

  it.each<[Record<string, string | string[]>, ErrorDetail]>([
    [{}, { path: 'q', message: 'is required' }],
    [
      { q: 'x', page: '' },
      { path: 'page', message: 'must be an integer' },
    ],
    [
      { q: 'x', page: '0x10' },
      { path: 'page', message: 'must be an integer' },
    ],
    [
      { q: 'x', page: ' 1' },
      { path: 'page', message: 'must be an integer' },
    ],
    [
      { q: 'x', page: '-1' },
      { path: 'page', message: 'must be at least 0' },
    ],
    [
      { q: 'x', all: '1' },
      { path: 'all', message: 'must be a boolean' },
    ],
    [{ q: ['x', 'y'] }, { path: 'q', message: 'must be a string' }],
    [
      { q: 'x', ids: '1,b' },
      { path: 'ids/1', message: 'must be an integer' },
    ],
    [
      { q: 'x', other: '1' },
      { path: 'other', message: 'is not a known parameter' },
    ],
    [
      { q: 'x', constructor: '1' },
      { path: 'constructor', message: 'is not a known parameter' },
    ],
  ])('refuses %j and names the parameter', (query, fault) => {
    try {
      reader.read(query);
      throw new Error('nothing was refused');
    } catch (error) {
      expect(error).toBeInstanceOf(ValidationError);
      expect((error as ValidationError).details).toEqual([fault]);
    }
  });
});
