import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Campaign } from '../../schemas/campaign.ts';
import { createId } from '../../lib/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildDraft } from '../support/factories.ts';

describe('the pages of a list', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.stop());

  /** A list of its own for each run: the campaigns of an artist. */
  const insert = async (artistId: string): Promise<string> => {
    const artist = { id: artistId, name: 'Paged' };
    return (await test.client.post<Campaign>('/campaigns', buildDraft({ artist }))).data._id;
  };

  const readPage = async (artistId: string, query: Record<string, string | number>) => {
    const { data, meta } = await test.client.get<Campaign[]>('/campaigns/list', { query: { artistId, ...query } });
    return { ids: data.map(({ _id }) => _id), total: meta.pagination?.total ?? 0 };
  };

  const shape = fc.record({
    count: fc.integer({ min: 0, max: 12 }),
    pageSize: fc.integer({ min: 1, max: 5 }),
    // How many are inserted while each page is read.
    arrivals: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }),
  });

  it('show each row once and none twice, while others are added, from the oldest on', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ count, pageSize, arrivals }) => {
        const artistId = createId();
        const present: string[] = [];
        for (let at = 0; at < count; at++) present.push(await insert(artistId));
        const seen: string[] = [];
        const added: Promise<string>[] = [];
        for (let page = 0; ; page++) {
          for (let at = 0; at < (arrivals[page] ?? 0); at++) added.push(insert(artistId));
          const { ids } = await readPage(artistId, { sortBy: 'date.created', sortDirection: 'asc', page, pageSize });
          seen.push(...ids);
          if (ids.length < pageSize) break;
        }
        const all = [...present, ...(await Promise.all(added))];
        expect(seen.filter(id => present.includes(id))).toEqual(present);
        expect(all).toEqual(expect.arrayContaining(seen));
      }),
      { numRuns: 15 },
    );
  });

  it('are parts of one order, in either direction, and the total is right on each', async () => {
    const fields = ['name', 'date.created', 'date.updated', 'date.open', 'date.close'];
    const artistId = createId();
    const count = 11;
    for (let at = 0; at < count; at++) await insert(artistId);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...fields),
        fc.constantFrom('asc', 'desc'),
        fc.integer({ min: 1, max: 12 }),
        async (sortBy, sortDirection, pageSize) => {
          const whole = await readPage(artistId, { sortBy, sortDirection, pageSize: 100 });
          const parts: string[] = [];
          for (let page = 0; page <= count / pageSize; page++) {
            const { ids, total } = await readPage(artistId, { sortBy, sortDirection, page, pageSize });
            expect(total).toBe(count);
            parts.push(...ids);
          }
          expect(parts).toEqual(whole.ids);
          const reverse = await readPage(artistId, {
            sortBy,
            sortDirection: sortDirection === 'asc' ? 'desc' : 'asc',
            pageSize: 100,
          });
          expect(reverse.ids).toEqual([...whole.ids].reverse());
        },
      ),
      { numRuns: 20 },
    );
  });
});
