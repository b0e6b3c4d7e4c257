import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ValidationError } from '../../../lib/errors.ts';
import { canonicalLocale, localise, selectFallbacks, selectLocaleKey } from './locale.ts';

const declare = (byDefault: string, ...others: string[]): { id: string; isDefault: boolean }[] => [
  ...others.map(id => ({ id, isDefault: false })),
  { id: byDefault, isDefault: true },
];

describe('a language tag', () => {
  it.each([
    ['fr-ca', 'fr-CA'],
    ['FR', 'fr'],
    ['zh-hans-cn', 'zh-Hans-CN'],
    ['en-US', 'en-US'],
  ])('%s is brought into its canonical form', (tag, canonical) => {
    expect(canonicalLocale(tag)).toBe(canonical);
  });

  it.each(['', 'x', 'fr_CA', 'fr-', 'f r', 'français', 'fr-CA-CA-CA-x'])('%j is refused as ill-formed', tag => {
    expect(() => canonicalLocale(tag)).toThrow(ValidationError);
    expect(() => canonicalLocale(tag)).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ path: 'locale' })] }),
    );
  });

  it('is the same locale in each of its spellings', () => {
    expect(selectLocaleKey('fr-CA')).toBe(selectLocaleKey('FR-ca'));
    expect(selectLocaleKey('tl')).toBe(selectLocaleKey('fil'));
    expect(selectLocaleKey('fr')).not.toBe(selectLocaleKey('fr-CA'));
    expect(selectLocaleKey('en-No')).toBe('en-no');
  });
});

describe('the fallbacks of a locale', () => {
  it('go from the locale by its shorter forms to the default', () => {
    expect(selectFallbacks(declare('en', 'fr', 'fr-CA', 'de'), 'fr-CA')).toEqual(['fr-CA', 'fr', 'en']);
    expect(selectFallbacks(declare('en', 'fr-Latn', 'fr', 'fr-Latn-CA'), 'fr-Latn-CA')).toEqual([
      'fr-Latn-CA',
      'fr-Latn',
      'fr',
      'en',
    ]);
  });

  it('leave out what is not declared, and go no other way', () => {
    expect(selectFallbacks(declare('en', 'fr'), 'fr-CA')).toEqual(['fr', 'en']);
    expect(selectFallbacks(declare('en', 'fr-CA'), 'fr')).toEqual(['en']);
    expect(selectFallbacks(declare('en', 'fr'), 'ja')).toEqual(['en']);
  });

  it('are the default alone when none is wanted, and name no locale twice', () => {
    expect(selectFallbacks(declare('en', 'fr'), undefined)).toEqual(['en']);
    expect(selectFallbacks(declare('fr', 'en'), 'fr-CA')).toEqual(['fr']);
    expect(selectFallbacks([], 'fr')).toEqual([]);
  });

  it('find a locale in the spelling in which it is declared', () => {
    expect(selectFallbacks(declare('en', 'fr-ca'), canonicalLocale('fr-CA'))).toEqual(['fr-ca', 'en']);
    expect(selectFallbacks(declare('en', 'tl'), canonicalLocale('tl'))).toEqual(['tl', 'en']);
  });
});

describe('a localised value', () => {
  it('takes each field from the first locale that has it', () => {
    const content = {
      'fr-CA': { landing: { title: 'Bonjour, hein' } },
      fr: { landing: { title: 'Bonjour', body: 'Corps' }, terms: 'Conditions' },
      en: { landing: { title: 'Hello', body: 'Body', buttonLabel: 'Go' }, terms: 'Terms', email: { subject: 'Hi' } },
      de: { landing: { closedTitle: 'Zu' } },
    };
    expect(localise<unknown>(content, ['fr-CA', 'fr', 'en'])).toEqual({
      landing: { title: 'Bonjour, hein', body: 'Corps', buttonLabel: 'Go' },
      terms: 'Conditions',
      email: { subject: 'Hi' },
    });
  });

  it('takes a list whole, also an empty one', () => {
    const lists = { fr: { a: ['un'], b: [] as string[] }, en: { a: ['one', 'two'], b: ['three'], c: ['four'] } };
    expect(localise(lists, ['fr', 'en'])).toEqual({ a: ['un'], b: [], c: ['four'] });
  });

  it('takes an empty text for a text', () => {
    expect(localise({ fr: { title: '' }, en: { title: 'Hello' } }, ['fr', 'en'])).toEqual({ title: '' });
  });

  it('is undefined when no locale of the chain has anything', () => {
    expect(localise({ de: { title: 'Hallo' } }, ['fr', 'en'])).toBeUndefined();
    expect(localise(undefined, ['en'])).toBeUndefined();
    expect(localise({ en: {} }, [])).toBeUndefined();
  });

  const tags = ['en', 'fr', 'fr-CA', 'fr-Latn', 'fr-Latn-CA', 'de', 'pt-BR', 'pt'] as const;
  const sections = ['landing', 'email'] as const;
  const names = ['title', 'body', 'list'] as const;

  /** Which fields a locale has; each value says where it is from. */
  const fieldsOf = (tag: string) =>
    fc.subarray(sections.flatMap(section => names.map(name => `${section}.${name}`))).map(paths => {
      const texts: Record<string, Record<string, unknown>> = {};
      for (const path of paths) {
        const [section = '', name = ''] = path.split('.');
        (texts[section] ??= {})[name] = name === 'list' ? [tag, path] : `${tag}:${path}`;
      }
      return texts;
    });

  it('never holds a text from outside the chain, and each field is that of the first locale that has it', () => {
    const campaign = fc
      .record({
        declared: fc.shuffledSubarray([...tags], { minLength: 1 }),
        wanted: fc.option(fc.constantFrom(...tags, 'fr-FR', 'ja'), { nil: undefined }),
      })
      .chain(({ declared, wanted }) =>
        fc.record({
          declared: fc.constant(declared),
          wanted: fc.constant(wanted),
          content: fc.record(Object.fromEntries(declared.map(tag => [tag, fieldsOf(tag)]))),
        }),
      );
    fc.assert(
      fc.property(campaign, ({ declared, wanted, content }) => {
        const [byDefault = ''] = declared;
        const locales = declared.map(id => ({ id, isDefault: id === byDefault }));
        // What a reader may see, from the longest form to the shortest, then the default.
        const forms = wanted === undefined ? [] : wanted.split('-').map((_, at, all) => all.slice(0, all.length - at));
        const chain = [...forms.map(form => form.join('-')), byDefault].filter(
          (tag, at, all) => declared.some(one => one === tag) && all.indexOf(tag) === at,
        );

        const fallbacks = selectFallbacks(locales, wanted);
        expect(fallbacks).toEqual(chain);
        const found = localise(content, fallbacks) ?? {};
        for (const section of sections) {
          for (const name of names) {
            const first = chain.find(tag => content[tag]?.[section]?.[name] !== undefined);
            expect(found[section]?.[name]).toEqual(first === undefined ? undefined : content[first]?.[section]?.[name]);
          }
        }
        const texts = JSON.stringify(found);
        for (const tag of tags) {
          if (!chain.includes(tag)) expect(texts).not.toMatch(new RegExp(`"${tag}[":]`));
        }
      }),
    );
  });
});
