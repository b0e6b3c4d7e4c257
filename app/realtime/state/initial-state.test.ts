import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createId } from '../../../lib/ids.ts';
import { createCampaignDocument, MADE_AT } from '../../../test/support/campaign-documents.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { createInitialState, readTemplate, summarizeCampaign, summarizeMarkets } from './initial-state.ts';

const template = new URL('../../../config/default_campaign.json', import.meta.url);
const hour = (hours: number): Date => new Date(MADE_AT.getTime() + hours * 3_600_000);
const market = (name: string, presaleDateTime?: Date): MarketDocument => ({
  _id: createId(),
  version: 1,
  campaignId: 'c'.repeat(24),
  name,
  event: presaleDateTime === undefined ? {} : { presaleDateTime },
  selection: { status: 'none' },
  date: { created: MADE_AT, updated: MADE_AT },
});

describe('the state that a campaign begins with', () => {
  it('is the template with what the documents say, as plain JSON', async () => {
    const campaign = createCampaignDocument(
      { name: 'Aurora' },
      {
        version: 7,
        status: 'OPEN',
        password: 'hash',
        domain: { site: 'aurora', preview: 'secret' },
        tour: { name: 'North' },
      },
    );
    const state = createInitialState(
      await readTemplate(template),
      campaign,
      summarizeMarkets([], { now: MADE_AT, version: 5 }),
    );
    expect(state).toMatchObject({
      title: 'Aurora',
      description: 'North',
      features: expect.arrayContaining(['registration']) as unknown,
      campaign: {
        version: 7,
        id: campaign._id,
        name: 'Aurora',
        status: 'OPEN',
        domain: 'aurora',
        date: { created: MADE_AT.toISOString() },
      },
      markets: { version: 5, count: 0, withPresale: 0 },
    });
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(JSON.stringify(state)).not.toMatch(/hash|secret/);
  });

  it('says of a campaign what is public, and no domain where there is none', () => {
    const summary = summarizeCampaign(createCampaignDocument({}, { domain: {} }));
    expect(Object.keys(summary).sort()).toEqual(['date', 'id', 'identifier', 'name', 'status', 'version']);
  });

  it('counts markets and names the next presale', () => {
    const next = market('Next', hour(2));
    const markets = [market('Past', hour(-1)), market('Later', hour(3)), next, market('None')];
    expect(summarizeMarkets(markets, { now: MADE_AT, version: 1 })).toEqual({
      version: 1,
      count: 4,
      withPresale: 3,
      nextPresale: { marketId: next._id, name: 'Next', at: hour(2) },
    });
  });
});

describe('a template', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'template-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['with features of another form', '{"features":[1]}'],
    ['with what the service writes', '{"campaign":{}}'],
    ['with a forbidden key', '{"a":{"$b":1}}'],
  ])('is refused when it is %s', async (name, text) => {
    const file = path.join(directory, `${name}.json`);
    await writeFile(file, text);
    await expect(readTemplate(file)).rejects.toThrow();
  });
});
