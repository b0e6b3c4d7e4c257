import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCampaignDocument } from '../../test/support/campaign-documents.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { createId } from '../../lib/ids.ts';
import { type CampaignDocument } from './campaign-document.ts';
import { type CampaignListQuery, campaignSortFields } from './campaigns.ts';

const day = (at: number): Date => new Date(Date.UTC(2026, 0, at));
const everything: CampaignListQuery = {
  readable: 'all',
  sortBy: 'date.created',
  direction: 1,
  page: 0,
  pageSize: 100,
};

describe('the list of campaigns', () => {
  const listed: CampaignDocument[] = [];
  const add = (
    written: Parameters<typeof createCampaignDocument>[0],
    stored: Parameters<typeof createCampaignDocument>[1] = {},
  ): void => {
    listed.push(createCampaignDocument(written, stored));
  };
  const date = (created: number, open?: number) => ({
    date: { created: day(created), updated: day(30 - created), ...(open !== undefined && { open: day(open) }) },
  });
  add({ name: 'Beyoncé Renaissance', artist: { id: 'bey', name: 'Beyoncé' } }, { status: 'OPEN', ...date(1, 5) });
  add({ name: 'AC/DC Power Up', artist: { id: 'acdc', name: 'AC/DC' } }, { status: 'OPEN', ...date(2, 5) });
  add({ name: 'Sigur Rós', artist: { id: 'sr', name: 'Sigur Rós' }, tour: { name: 'Ný batterí' } }, date(2));
  add({ name: 'Acoustic Nights', type: 'fanlist', date: {} }, { status: 'CLOSED', ...date(3, 4) });
  add({ name: 'Bey Fans', schema: { version: 1 }, artist: { id: 'bey', name: 'Beyoncé' } }, date(4));
  add({ name: 'Dot.Star', identifier: 'dot-star' }, date(5, 6));
  const suite = useManagerWorld(async world => {
    for (const campaign of listed) await world.insertCampaign(campaign);
  });

  const names = async (query: Partial<CampaignListQuery>): Promise<string[]> =>
    (await suite.campaigns.list({ ...everything, ...query })).rows.map(({ name }) => name);

  it('has all campaigns, and how many there are', async () => {
    const { rows, total, page, pageSize } = await suite.campaigns.list(everything);
    expect({ count: rows.length, total, page, pageSize }).toEqual({ count: 6, total: 6, page: 0, pageSize: 100 });
  });

  it('is narrowed by status, type, version of the schema and artist, alone and together', async () => {
    await expect(names({ status: 'OPEN' })).resolves.toEqual(['Beyoncé Renaissance', 'AC/DC Power Up']);
    await expect(names({ type: 'fanlist' })).resolves.toEqual(['Acoustic Nights']);
    await expect(names({ schemaVersion: 1 })).resolves.toEqual(['Bey Fans']);
    await expect(names({ artistId: 'bey' })).resolves.toEqual(['Beyoncé Renaissance', 'Bey Fans']);
    await expect(names({ artistId: 'bey', status: 'DRAFT', schemaVersion: 1 })).resolves.toEqual(['Bey Fans']);
    await expect(names({ artistId: 'bey', status: 'CLOSED' })).resolves.toEqual([]);
  });

  it('has what the caller may read, and counts nothing else', async () => {
    const [one, other] = listed.map(({ _id }) => _id);
    const readable = [other ?? '', createId()];
    const { rows, total } = await suite.campaigns.list({ ...everything, readable });
    expect(rows.map(({ _id }) => _id)).toEqual([other]);
    expect(total).toBe(1);
    await expect(names({ readable: [one ?? ''], status: 'DRAFT' })).resolves.toEqual([]);
    await expect(names({ readable: [] })).resolves.toEqual([]);
  });

  it.each(campaignSortFields)('is sorted by %s in both directions, ties by id in the same', async sortBy => {
    const [group = '', field = ''] = sortBy.split('.');
    const valueOf = (campaign: CampaignDocument): unknown => {
      const value = (campaign as unknown as Record<string, unknown>)[group];
      return field === '' ? value : (value as Record<string, Date | undefined>)[field]?.getTime();
    };
    const compare = (a: CampaignDocument, b: CampaignDocument): number => {
      const [left, right] = [valueOf(a) ?? '', valueOf(b) ?? ''] as [string | number, string | number];
      // What has no date comes before what has one.
      if (left === '' || right === '') return left === right ? (a._id < b._id ? -1 : 1) : left === '' ? -1 : 1;
      return left === right ? (a._id < b._id ? -1 : 1) : left < right ? -1 : 1;
    };
    const sorted = [...listed].sort(compare).map(({ name }) => name);
    await expect(names({ sortBy, direction: 1 })).resolves.toEqual(sorted);
    await expect(names({ sortBy, direction: -1 })).resolves.toEqual(sorted.reverse());
  });

  it('is cut into pages that have each campaign once', async () => {
    const query = { sortBy: 'date.created', direction: -1, pageSize: 4 } as const;
    const pages = [0, 1, 2].map(page => suite.campaigns.list({ ...everything, ...query, page }));
    const [first, second, third] = await Promise.all(pages);
    expect([first, second, third].map(page => [page?.rows.length, page?.total])).toEqual([
      [4, 6],
      [2, 6],
      [0, 6],
    ]);
    const found = [...(first?.rows ?? []), ...(second?.rows ?? [])].map(({ name }) => name);
    expect(found).toEqual(await names({ ...query, pageSize: 100 }));
  });

  describe('when it is searched', () => {
    const search = async (q: string): Promise<string[]> => (await names({ q })).sort();

    it.each([
      ['accents and capitals do not count', 'BEYONCE', ['Bey Fans', 'Beyoncé Renaissance']],
      ['nor do they in what is asked', 'sígur rÓs', ['Sigur Rós']],
      ['beginnings of words are enough', 'ren', ['Beyoncé Renaissance']],
      ['ends and middles are not', 'naissance', []],
      ['every word must be found', 'bey fan', ['Bey Fans']],
      ['in whatever order', 'fans bey', ['Bey Fans']],
      ['the tour counts', 'ny batteri', ['Sigur Rós']],
      ['the identifier counts', 'dot-star', ['Dot.Star']],
      ['several campaigns share a beginning', 'ac', ['AC/DC Power Up', 'Acoustic Nights']],
      ['what parts words is not searched', 'AC/DC', ['AC/DC Power Up']],
      ['spaces mean nothing', '   ', [...listed.map(({ name }) => name)].sort()],
    ])('%s', async (_what, q, expected) => {
      await expect(search(q)).resolves.toEqual(expected);
    });

    it.each(['.*', '^', '$', '|', '(', '[a-z]+$^', '\\', '$ne', '{"$gt":""}', '.star', 'a.*e', '\0', 'x|bey'])(
      'operators are text: %j',
      async q => {
        const words = q.toLowerCase().match(/[a-z0-9]+/g);
        const expected = listed.filter(
          ({ search: found }) => words?.every(word => found.some(one => one.startsWith(word))) ?? false,
        );
        await expect(search(q)).resolves.toEqual(expected.map(({ name }) => name).sort());
      },
    );

    it('it finds what a plain look at all words finds, whatever is asked', async () => {
      const letters = fc.constantFrom(...'abcdnrsé /.*^$-\\[('.split(''), 'bey', 'sig', 'dc', 'ACO');
      await fc.assert(
        fc.asyncProperty(fc.array(letters, { minLength: 1, maxLength: 4 }), async parts => {
          const q = parts.join('');
          const words = q
            .normalize('NFD')
            .toLowerCase()
            .replace(/[^a-z0-9 /.*^$\\[(-]/g, '')
            .split(/[^a-z0-9]+/)
            .filter(word => word !== '');
          const expected = listed.filter(
            ({ search: found }) =>
              (words.length > 0 || q.trim() === '') && words.every(word => found.some(one => one.startsWith(word))),
          );
          expect(await search(q)).toEqual(expected.map(({ name }) => name).sort());
        }),
        { numRuns: 60 },
      );
    });
  });
});
