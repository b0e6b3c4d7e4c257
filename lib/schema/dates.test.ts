import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileDates } from './dates.ts';

const instant = { type: 'string', format: 'date-time' };
const text = '2026-01-15T12:00:00.000Z';
const date = new Date(text);

describe('compileDates', () => {
  it('revives instants in objects, arrays and maps', () => {
    const { revive } = compileDates({
      type: 'object',
      properties: {
        open: instant,
        nested: { type: 'object', properties: { close: instant, name: { type: 'string' } } },
        history: { type: 'array', items: { type: 'object', properties: { at: instant } } },
        byId: { type: 'object', additionalProperties: instant },
        byLocale: {
          type: 'object',
          patternProperties: { '^[a-z]+$': { type: 'object', properties: { at: instant } } },
        },
      },
    });
    expect(
      revive<unknown>({
        open: text,
        nested: { close: text, name: text },
        history: [{ at: text }, { at: text }],
        byId: { a: text },
        byLocale: { en: { at: text } },
        other: text,
      }),
    ).toEqual({
      open: date,
      nested: { close: date, name: text },
      history: [{ at: date }, { at: date }],
      byId: { a: date },
      byLocale: { en: { at: date } },
      other: text,
    });
  });

  it('follows references inside of the schema, also to itself', () => {
    const { revive } = compileDates({
      $defs: {
        node: {
          type: 'object',
          properties: { at: instant, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
        },
      },
      $ref: '#/$defs/node',
    });
    expect(revive<unknown>({ at: text, children: [{ at: text, children: [{ at: text }] }] })).toEqual({
      at: date,
      children: [{ at: date, children: [{ at: date }] }],
    });
  });

  it('looks into alternatives', () => {
    const { revive } = compileDates({
      allOf: [{ properties: { a: instant } }],
      oneOf: [{ properties: { b: instant } }, { properties: { c: instant } }],
    });
    expect(revive<unknown>({ a: text, b: text, c: text })).toEqual({ a: date, b: date, c: date });
  });

  it('changes nothing, and shares what has no instant', () => {
    const { revive } = compileDates({ properties: { at: instant, rest: { type: 'object' } } });
    const value = { at: text, rest: { a: 1 } };
    const revived = revive(value);
    expect(value.at).toBe(text);
    expect(revived).not.toBe(value);
    expect(revived.rest).toBe(value.rest);
    expect(compileDates({ properties: { a: { type: 'string' } } }).revive(value)).toBe(value);
  });

  it.each<unknown>([null, 1, 'soon', [], {}, { at: null }, { at: 5 }, { at: 'soon' }, { at: date }])(
    'leaves %j as it is',
    value => {
      const { revive } = compileDates({ properties: { at: instant } });
      expect(revive(value)).toEqual(value);
    },
  );

  it('does the reverse of JSON.stringify', () => {
    const { revive } = compileDates({ type: 'array', items: { properties: { at: instant } } });
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.date({ noInvalidDate: true }), n: fc.integer() }, { noNullPrototype: true })),
        value => {
          expect(revive<unknown>(JSON.parse(JSON.stringify(value)))).toEqual(value);
        },
      ),
    );
  });
});
