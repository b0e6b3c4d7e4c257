import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildDraft } from '../support/factories.ts';

const tags = ['en', 'fr', 'fr-CA', 'fr-Latn-CA', 'zh', 'zh-Hant', 'zh-Hant-TW', 'de'] as const;
const wantedTags = [...tags, 'FR-ca', 'fr-Latn', 'zh-Hant-HK', 'en-GB', 'es', 'de-AT-1996'] as const;
const fields = ['title', 'subtitle', 'buttonLabel', 'closedTitle'] as const;

const setup = fc
  .record({
    declared: fc.uniqueArray(fc.constantFrom(...tags), { minLength: 1, maxLength: 5 }),
    byDefault: fc.nat(),
    // Which locales have which fields.
    filled: fc.array(fc.tuple(fc.nat(), fc.constantFrom(...fields, 'terms')), { maxLength: 12 }),
  })
  .map(({ declared, byDefault, filled }) => ({
    declared,
    fallback: declared[byDefault % declared.length] ?? 'en',
    texts: new Map<string, string>(
      filled.map(([at, field]) => {
        const locale = declared[at % declared.length] ?? 'en';
        return [`${locale}/${field}`, `${field} in ${locale}`] as const;
      }),
    ),
  }));

describe('the texts of a campaign in a locale', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());

  it('are each the first that there is along the fallbacks, whatever is declared, filled and wanted', async () => {
    await fc.assert(
      fc.asyncProperty(
        setup,
        fc.shuffledSubarray([...wantedTags], { minLength: 3, maxLength: 5 }),
        async ({ declared, fallback, texts }, wanted) => {
          const content: NonNullable<Campaign['content']> = {};
          for (const [place, value] of texts) {
            const [locale = '', field = ''] = place.split('/');
            const own = (content[locale] ??= {});
            if (field === 'terms') own.terms = value;
            else own.landing = { ...own.landing, [field]: value };
          }
          const locales = declared.map(id => ({ id, isDefault: id === fallback }));
          const { data: campaign } = await test.client.post<Campaign>('/campaigns', buildDraft({ locales, content }));
          for (const tag of wanted) {
            const parts = tag.split('-');
            const chain = parts
              .map((_part, at) =>
                parts
                  .slice(0, parts.length - at)
                  .join('-')
                  .toLowerCase(),
              )
              .flatMap(shorter => declared.filter(id => id.toLowerCase() === shorter));
            const order = [...new Set([...chain, fallback])];
            const used = order[0] ?? '';
            const { data, meta } = await test.client.get<Campaign>(`/campaigns/${campaign._id}`, {
              query: { locale: tag },
            });
            expect(meta.locale).toBe(used);
            const shown = data.content?.[used];
            const find = (field: string) =>
              order
                .map(id => (texts as ReadonlyMap<string, string>).get(`${id}/${field}`))
                .find(value => value !== undefined);
            for (const field of fields)
              expect([tag, field, shown?.landing?.[field]]).toEqual([tag, field, find(field)]);
            expect([tag, shown?.terms]).toEqual([tag, find('terms')]);
            const others = Object.keys(data.content ?? {}).filter(id => id !== used);
            expect(others).toEqual([]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
