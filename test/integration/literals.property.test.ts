import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Campaign } from '../../schemas/campaign.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createCampaign, OPEN_DATE, CLOSE_DATE } from '../support/factories.ts';

/** Values that mean something to a database, a regular expression or a parser of queries, and are ids here. */
const odd = [
  '$ne',
  '.*',
  '^a',
  'a',
  'A',
  '{"$ne":1}',
  '[$ne]',
  '$where',
  'a|b',
  '__proto__',
  'null',
  'true',
  '0',
  '\\d',
  "';--",
  'ä',
] as const;

/** A text made of what is odd, or any text at all. */
const text = fc.oneof(fc.constantFrom(...odd), fc.string({ minLength: 1, maxLength: 12 }));

const isUnsafeKey = (key: string): boolean =>
  key.startsWith('$') ||
  key.includes('.') ||
  key.includes('\0') ||
  ['__proto__', 'constructor', 'prototype'].includes(key);

const hasUnsafeKey = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).some(([key, member]) => (!Array.isArray(value) && isUnsafeKey(key)) || hasUnsafeKey(member))
    : false;

describe('what a client sends', () => {
  let test: TestApp;
  let campaigns: Campaign[];
  beforeAll(async () => {
    test = await startTestApp();
    campaigns = [];
    for (const [at, id] of odd.entries()) {
      campaigns.push(
        await createCampaign(test.client, {
          name: `${id} named ${at}`,
          artist: { id, name: `Artist ${id}` },
          categoryId: id,
          date: {
            open: OPEN_DATE,
            close: CLOSE_DATE,
            presaleWindowStart: '2026-03-13T00:00:00Z',
            presaleWindowEnd: '2026-03-14T00:00:00Z',
          },
          domain: { site: `site-${at}.example.com` },
        }),
      );
    }
  });
  afterAll(() => test.stop());

  const idsOf = (found: readonly Campaign[]): string[] => found.map(({ _id }) => _id).sort();

  it('in artistId is an id, letter for letter', async () => {
    await fc.assert(
      fc.asyncProperty(text, async artistId => {
        const answer = await test.client.get<Campaign[]>('/campaigns/list', { query: { artistId, pageSize: 100 } });
        expect(idsOf(answer.data)).toEqual(idsOf(campaigns.filter(({ artist }) => artist?.id === artistId)));
      }),
      { numRuns: 60 },
    );
  });

  it('in categoryIds is a list of ids, letter for letter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 3 }), async ids => {
        const categoryIds = ids.join(',');
        const wanted = categoryIds.split(',').map(id => id.trim());
        const { data } = await test.client.get<string[]>('/campaigns/ids', { query: { categoryIds } });
        expect(data).toEqual(idsOf(campaigns.filter(({ categoryId = '' }) => wanted.includes(categoryId))));
      }),
      { numRuns: 60 },
    );
  });

  it('in q is words that begin words', async () => {
    const wordsOf = (words: string): string[] =>
      words
        .normalize('NFKD')
        .replace(/\p{Mark}/gu, '')
        .toLowerCase()
        .match(/[\p{Letter}\p{Number}]+/gu) ?? [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(text, fc.constantFrom('named', 'art', 'NAM', 'site')), { minLength: 1, maxLength: 2 }),
        async parts => {
          const q = parts.join(' ');
          const wanted = wordsOf(q);
          const matches = campaigns.filter(({ name, artist, domain, identifier }) => {
            const words = [name, artist?.name, domain?.site, identifier].flatMap(part => wordsOf(part ?? ''));
            return wanted.every(word => words.some(one => one.startsWith(word)));
          });
          const { data } = await test.client.get<Campaign[]>('/campaigns/list', { query: { q, pageSize: 100 } });
          // No word at all is no search; something that holds none finds nothing.
          const expected = wanted.length > 0 ? matches : q.trim() === '' ? campaigns : [];
          expect(idsOf(data)).toEqual(idsOf(expected));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('in the form of nested parameters is refused', async () => {
    const name = fc.constantFrom('artistId', 'status', 'q', 'domain', 'page');
    const operator = fc.constantFrom('[$ne]', '[$gt]', '[]', '.$ne', '[$regex]', '[constructor]');
    await fc.assert(
      fc.asyncProperty(name, operator, text, async (parameter, suffix, value) => {
        const { status, error } = await test.client.get('/campaigns/list', { query: { [parameter + suffix]: value } });
        expect([status, error.type]).toEqual([400, 'VALIDATION_ERROR']);
      }),
      { numRuns: 30 },
    );
  });

  it('twice where once is meant is refused', async () => {
    for (const parameter of ['artistId', 'status', 'q', 'type', 'sortBy']) {
      const { status, error } = await test.client.get(`/campaigns/list?${parameter}=a&${parameter}=b`);
      expect([parameter, status, error.details?.[0]?.path]).toEqual([parameter, 400, parameter]);
    }
  });

  it('in a body never becomes an operator: it is refused, or kept as it is', async () => {
    const { _id } = await createCampaign(test.client);
    const key = fc.oneof(
      fc.constantFrom('$set', '$ne', 'a.b', 'name', 'tour', '__proto__', 'constructor', '$where', 'x\0y'),
      fc.string({ maxLength: 5 }),
    );
    const value = fc.letrec(tie => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3, noNullPrototype: false }),
      ),
    })).tree;
    const field = fc.constantFrom(
      'name',
      'artist',
      'tour',
      'status',
      'domain',
      'date',
      'locales',
      'content',
      'contacts',
      'password',
      'eventIds',
      'type',
      'schema',
      'unknown',
    );
    await fc.assert(
      fc.asyncProperty(field, value, async (name, member) => {
        const body = JSON.stringify({ [name]: member });
        const answer = await test.client.patch<Record<string, unknown>>(`/campaigns/${_id}`, undefined, {
          rawBody: body,
        });
        expect(answer.status).toBeLessThan(500);
        if (hasUnsafeKey(JSON.parse(body))) expect(answer.errorType).toBe('VALIDATION_ERROR');
        if (answer.status === 200 && typeof member === 'string' && name !== 'password') {
          expect(answer.data[name]).toBe(member);
        }
      }),
      { numRuns: 150 },
    );
    // The campaign is still one, and nobody else was touched.
    expect((await test.client.get<Campaign>(`/campaigns/${_id}`)).status).toBe(200);
    for (const { _id: other, version } of campaigns) {
      expect((await test.client.get<Campaign>(`/campaigns/${other}`)).data.version).toBe(version);
    }
  });
});
