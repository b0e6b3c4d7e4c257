import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Client } from '../support/client.ts';
import { createCampaign, createMarket } from '../support/factories.ts';
import { createUserToken } from '../support/tokens.ts';

const WINDOW = { presaleWindowStart: '2026-04-01T00:00:00.000Z', presaleWindowEnd: '2026-04-05T00:00:00.000Z' };
const LATER = { presaleWindowStart: '2026-04-05T00:00:00.000Z', presaleWindowEnd: '2026-04-09T00:00:00.000Z' };
const dates = { open: '2026-03-02T12:00:00.000Z', close: '2026-03-12T12:00:00.000Z' };

describe('finding campaigns over HTTP', () => {
  let test: TestApp;
  /** Alphabet by name; the numbers say in which order they were made. */
  let made: Record<'delta3' | 'alpha1' | 'charlie2' | 'bravo4', Campaign>;
  let reader: Client;
  let stranger: Client;

  beforeAll(async () => {
    test = await startTestApp();
    const { client } = test;
    const open = async (name: string, fields: Parameters<typeof createCampaign>[1]) => {
      const { _id } = await createCampaign(client, { name, ...fields });
      return (await client.patch<Campaign>(`/campaigns/${_id}`, { status: 'OPEN' })).data;
    };
    const alpha1 = await open('Alpha Motörhead', {
      artist: { id: 'artist-1', name: 'The First' },
      date: { ...dates, ...WINDOW },
      categoryId: 'rock',
      eventIds: ['show-1', 'show-2'],
    });
    const charlie2 = await open('Charlie', {
      artist: { id: 'artist-1', name: 'The First' },
      date: { ...dates, ...LATER },
      categoryId: 'pop',
    });
    const delta3 = await createCampaign(client, {
      name: 'Delta',
      artist: { id: 'artist-2', name: 'The Second' },
      date: { ...dates, ...WINDOW },
      categoryId: 'rock',
      eventIds: ['show-1'],
    });
    const bravo4 = await open('Bravo', {
      schema: { version: 1 },
      tour: { name: 'Lemmy (live) in 2026' },
      eventIds: ['show-1'],
    });
    await createMarket(client, charlie2._id, { event: { ids: ['show-1', 'show-9'] } });
    made = { alpha1, charlie2, delta3, bravo4 };
    reader = client.as(
      createUserToken({ [alpha1._id]: ['read'], [delta3._id]: ['update'], [charlie2._id]: ['media:join'] }),
    );
    stranger = client.as(createUserToken());
  });
  afterAll(() => test.stop());

  const list = async (query: Record<string, string | number>, client = test.client): Promise<string[]> =>
    (await client.get<Campaign[]>('/campaigns/list', { query })).data.map(({ name }) => name);

  describe('the list', () => {
    it('begins with the newest, unless told', async () => {
      expect(await list({})).toEqual(['Bravo', 'Delta', 'Charlie', 'Alpha Motörhead']);
      expect(await list({ sortDirection: 'asc' })).toEqual(['Alpha Motörhead', 'Charlie', 'Delta', 'Bravo']);
      expect(await list({ sortBy: 'name', sortDirection: 'asc' })).toEqual([
        'Alpha Motörhead',
        'Bravo',
        'Charlie',
        'Delta',
      ]);
    });

    it('breaks ties by id, in the same direction', async () => {
      const ids = async (sortDirection: string) =>
        (
          await test.client.get<Campaign[]>('/campaigns/list', { query: { sortBy: 'date.open', sortDirection } })
        ).data.map(({ _id }) => _id);
      const ascending = await ids('asc');
      expect(ascending).toEqual([...ascending].sort());
      expect(await ids('desc')).toEqual([...ascending].reverse());
    });

    it('comes in zero-based pages, with the total', async () => {
      const pages = await Promise.all(
        [0, 1, 2].map(page => test.client.get<Campaign[]>('/campaigns/list', { query: { page, pageSize: 3 } })),
      );
      expect(pages.map(({ data }) => data.length)).toEqual([3, 1, 0]);
      expect(pages[1]?.meta.pagination).toEqual({ page: 1, pageSize: 3, total: 4 });
    });

    it.each([
      [{ status: 'DRAFT' }, ['Delta']],
      [{ artistId: 'artist-1' }, ['Charlie', 'Alpha Motörhead']],
      [{ version: 1 }, ['Bravo']],
      [{ type: 'fanlist' }, []],
      [{ status: 'OPEN', artistId: 'artist-1', q: 'char' }, ['Charlie']],
      [{ q: 'MOTORHEAD' }, ['Alpha Motörhead']],
      [{ q: 'motör alp' }, ['Alpha Motörhead']],
      [{ q: 'otorhead' }, []],
      [{ q: 'the second' }, ['Delta']],
      [{ q: 'lemmy 2026' }, ['Bravo']],
      [{ q: '' }, ['Bravo', 'Delta', 'Charlie', 'Alpha Motörhead']],
    ])('is narrowed by %j', async (query, names) => {
      expect(await list(query as Record<string, string | number>)).toEqual(names);
    });

    it.each(['.*', '^', '[a-z]+', 'Alpha|Bravo', '(', '\\', '$'])(
      'takes %s for what it says, not for a pattern',
      async q => {
        expect(await list({ q })).toEqual([]);
      },
    );

    it('shows only what the caller may read, and counts no more', async () => {
      expect(await list({}, reader)).toEqual(['Delta', 'Alpha Motörhead']);
      const page = await reader.get<Campaign[]>('/campaigns/list', { query: { pageSize: 1 } });
      expect(page.meta.pagination?.total).toBe(2);
      expect(await list({}, stranger)).toEqual([]);
    });

    it.each([
      ['sortBy', 'password'],
      ['sortDirection', 'up'],
      ['page', '-1'],
      ['page', '1.5'],
      ['pageSize', '0'],
      ['pageSize', '101'],
      ['pageSize', '10abc'],
      ['status', 'GONE'],
      ['version', '3'],
      ['limit', '5'],
    ])('names %s=%s as a fault', async (name, value) => {
      const { error } = await test.client.get('/campaigns/list', { query: { [name]: value } });
      expect(error).toMatchObject({ type: 'VALIDATION_ERROR', details: [{ path: name }] });
    });

    it('takes no parameter twice', async () => {
      const { error } = await test.client.get('/campaigns/list?page=0&page=1');
      expect(error).toMatchObject({ type: 'VALIDATION_ERROR', details: [{ path: 'page' }] });
    });
  });

  describe('ids of categories', () => {
    const find = async (categoryIds: string, client = test.client): Promise<string[]> =>
      (await client.get<string[]>('/campaigns/ids', { query: { categoryIds } })).data;

    it('are those of any of them, sorted, and of what the caller may read', async () => {
      const { alpha1, charlie2, delta3 } = made;
      expect(await find('rock')).toEqual([alpha1._id, delta3._id].sort());
      expect(await find('rock, pop')).toEqual([alpha1._id, charlie2._id, delta3._id].sort());
      expect(await find('jazz')).toEqual([]);
      expect(await find('pop', reader)).toEqual([]);
      expect(await find('rock', stranger)).toEqual([]);
    });

    it('need categories', async () => {
      const { error } = await test.client.get('/campaigns/ids');
      expect(error).toMatchObject({ type: 'VALIDATION_ERROR', details: [{ path: 'categoryIds' }] });
    });
  });

  describe.each([
    ['categoryIds', { all: ['pop', 'rock'], first: ['rock'], ofReader: ['rock'] }],
    // Those of Delta and Alpha, their own; those of Charlie, of its market.
    ['eventIds', { all: ['show-1', 'show-2', 'show-9'], first: ['show-1', 'show-2'], ofReader: ['show-1', 'show-2'] }],
  ])('%s by presale window', (kind, { all, first, ofReader }) => {
    const find = (query: Record<string, string> = {}, client = test.client) =>
      client.get<string[]>(`/campaigns/${kind}`, { query });
    const between = (presaleQueryStartDate: string, presaleQueryEndDate: string) =>
      find({ presaleQueryStartDate, presaleQueryEndDate });

    it('are those of every campaign that has one, without a window', async () => {
      expect((await find()).data).toEqual(all);
      expect((await find({}, reader)).data).toEqual(ofReader);
      expect((await find({}, stranger)).data).toEqual([]);
    });

    it('are those of the windows that meet the given one; both ends belong to it', async () => {
      expect((await between('2026-03-30T00:00:00Z', '2026-04-01T00:00:00Z')).data).toEqual(first);
      expect((await between('2026-04-05T00:00:00Z', '2026-04-05T00:00:00Z')).data).toEqual(all);
      expect((await between('2026-04-02T02:00:00+02:00', '2026-04-03T00:00:00Z')).data).toEqual(first);
      expect((await between('2026-04-10T00:00:00Z', '2026-04-11T00:00:00Z')).data).toEqual([]);
      expect((await between('2026-01-01T00:00:00Z', '2026-03-31T23:59:59.999Z')).data).toEqual([]);
    });

    it('need both ends or neither, in order', async () => {
      const onlyStart = await find({ presaleQueryStartDate: '2026-04-01T00:00:00Z' });
      expect(onlyStart.error).toMatchObject({
        type: 'MISSING_PRESALE_WINDOW_DATE',
        details: [{ path: 'presaleQueryEndDate' }],
      });
      const onlyEnd = await find({ presaleQueryEndDate: '2026-04-01T00:00:00Z' });
      expect(onlyEnd.error).toMatchObject({
        type: 'MISSING_PRESALE_WINDOW_DATE',
        details: [{ path: 'presaleQueryStartDate' }],
      });
      expect((await between('2026-04-02T00:00:00Z', '2026-04-01T00:00:00Z')).error.type).toBe(
        'INVALID_PRESALE_WINDOW_DATE_ORDER',
      );
      expect((await between('2026-04-02', '2026-04-03')).error.type).toBe('VALIDATION_ERROR');
    });
  });

  describe('campaigns for a ticketing event', () => {
    const find = async (eventId: string, client = test.client): Promise<string[]> =>
      (await client.get<Campaign[]>('/campaigns/events', { query: { eventId } })).data.map(({ name }) => name).sort();

    it('are found by their own shows and those of their markets', async () => {
      // Delta is a DRAFT, Bravo has no presale window.
      expect(await find('show-1')).toEqual(['Alpha Motörhead', 'Charlie']);
      expect(await find('show-9')).toEqual(['Charlie']);
      expect(await find('show-3')).toEqual([]);
    });

    it('are those that the caller may read', async () => {
      expect(await find('show-1', reader)).toEqual(['Alpha Motörhead']);
      expect(await find('show-1', stranger)).toEqual([]);
    });

    it('need an event', async () => {
      expect((await test.client.get('/campaigns/events')).error.type).toBe('VALIDATION_ERROR');
      expect((await test.client.get('/campaigns/events', { query: { eventId: 'a b' } })).error.type).toBe(
        'VALIDATION_ERROR',
      );
    });
  });
});
