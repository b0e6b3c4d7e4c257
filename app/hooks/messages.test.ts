import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  campaignStreamMessage,
  dataPipelineMessage,
  refreshSelectionsMessage,
} from '../../schemas/campaign-stream-message.ts';
import { createId } from '../../lib/ids.ts';
import { createValidator } from '../../lib/schema/validator.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { buildMarket } from '../../test/support/factories.ts';
import { campaignManager } from '../managers/campaigns/manager.ts';
import { marketManager } from '../managers/markets/manager.ts';
import { type CampaignDocument } from '../datastore/campaign-document.ts';
import { type ChangeRecord } from '../datastore/changes.ts';
import { type OutgoingMessage } from '../services/message-sender.ts';
import {
  createPipelineMessages,
  createRefreshSelectionsMessages,
  createStreamMessages,
  type MessageMaker,
} from './messages.ts';

const HASH = 'scrypt$a-salted-hash';
const TRACE = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

type Body = Readonly<Record<string, unknown>>;

describe('messages about changes', () => {
  const suite = useManagerWorld();
  const streamMessages: MessageMaker = (changes, traceparent) =>
    createStreamMessages(suite.world.datastores)(changes, traceparent);
  const bodyOf = ({ body }: OutgoingMessage): Body => JSON.parse(body) as Body;
  const make = async (changes: readonly ChangeRecord[], maker = streamMessages): Promise<Body[]> =>
    (await maker(changes, undefined)).map(bodyOf);
  const changesOf = async (id: string): Promise<ChangeRecord[]> => [...(await suite.world.findChanges(id))].reverse();

  let campaign: CampaignDocument;
  let marketId: string;
  beforeAll(async () => {
    const date = { created: new Date(), updated: new Date(), presaleWindowStart: new Date('2026-03-13T00:00:00Z') };
    campaign = await suite.insert({
      status: 'DRAFT',
      date: { ...date, presaleWindowEnd: new Date('2026-03-20T00:00:00Z') },
      eventIds: ['zulu', 'alpha'],
      password: HASH,
      contacts: [createId()],
      statusHistory: [{ status: 'DRAFT', date: new Date(), by: 'somebody' }],
    });
    const ctx = suite.world.createContext();
    const event = { ids: ['mike', 'alpha'], presaleDateTime: '2026-03-14T15:00:00.000Z' };
    const made = await marketManager.create(ctx, campaign._id, buildMarket({ event }));
    marketId = made._id;
    await campaignManager.update(ctx, campaign._id, { tour: { name: 'Winter' } }, {});
    await campaignManager.update(ctx, campaign._id, { tour: { name: 'Summer' }, name: 'Renamed' }, {});
  });

  it('fit their schemas, whatever changed', async () => {
    const changes = [...(await changesOf(campaign._id)), ...(await changesOf(marketId))];
    expect(changes.length).toBe(4);
    const ofMarkets = changes.filter(({ collection }) => collection === 'markets');
    for (const [maker, schema, some] of [
      [streamMessages, campaignStreamMessage, changes],
      [createPipelineMessages, dataPipelineMessage, changes],
      [createRefreshSelectionsMessages, refreshSelectionsMessage, ofMarkets],
    ] as const) {
      const validator = createValidator(schema);
      for (const message of await maker(some, TRACE)) {
        expect(validator.selectFaults(bodyOf(message))).toEqual([]);
        expect(message.attributes).toEqual({ correlation: 'test', traceparent: TRACE });
        expect(message.campaignId).toBe(campaign._id);
      }
    }
  });

  it('say what changed, when, why and for whom to look', async () => {
    const [, second] = await changesOf(campaign._id);
    const [body] = await make(second === undefined ? [] : [second]);
    expect(body).toMatchObject({
      schemaVersion: 1,
      changeId: second?._id,
      cause: 'campaign.updated',
      collection: 'campaigns',
      documentId: campaign._id,
      campaignId: campaign._id,
      version: 2,
      at: second?.at.toISOString(),
      correlation: 'test',
      deleted: false,
      changedFields: ['tour', 'date'],
    });
    expect(body).not.toHaveProperty('traceparent');
  });

  it('show the document as it is when they are made, and say which version that is', async () => {
    const bodies = await make(await changesOf(campaign._id));
    expect(bodies.map(({ version }) => version)).toEqual([1, 2, 3]);
    for (const { document, documentVersion } of bodies) {
      expect(documentVersion).toBe(3);
      expect(document).toMatchObject({ name: 'Renamed', version: 3, tour: { name: 'Summer' } });
    }
  });

  it('name the shows of the campaign and of its markets, each once', async () => {
    const all = [...(await changesOf(campaign._id)), ...(await changesOf(marketId))];
    for (const { eventIds } of await make(all)) expect(eventIds).toEqual(['alpha', 'mike', 'zulu']);
  });

  it('tell no password, no contact and nobody who did it', async () => {
    const changes = await changesOf(campaign._id);
    for (const maker of [streamMessages, createPipelineMessages]) {
      const text = JSON.stringify(await make(changes, maker));
      expect(text).not.toContain('scrypt');
      expect(text).not.toContain(campaign.contacts?.[0]);
      for (const field of ['"contacts"', '"audit"', '"password"', '"by"', 'supreme-user', 'redacted']) {
        expect(text).not.toContain(field);
      }
    }
    const [body] = await make(changes.slice(0, 1));
    expect(body?.['document']).toMatchObject({ isPasswordProtected: true });
  });

  it('show the last content of what a change deleted, and nothing for the changes before', async () => {
    const ctx = suite.world.createContext();
    const { _id } = await marketManager.create(ctx, campaign._id, buildMarket());
    await marketManager.remove(ctx, campaign._id, _id);
    const bodies = await make(await changesOf(_id));
    expect(bodies).toMatchObject([
      { version: 1, deleted: false, document: null, documentVersion: null },
      {
        version: 2,
        deleted: true,
        document: { _id, version: 2, city: 'Toronto' },
        documentVersion: 2,
        changedFields: [],
      },
    ]);
    const validator = createValidator(campaignStreamMessage);
    expect(bodies.flatMap(body => validator.selectFaults(body))).toEqual([]);
  });

  it('take three reads, however many changes there are', async () => {
    const reads: string[] = [];
    const { campaigns, markets } = suite.world.datastores;
    const counted = createStreamMessages({
      campaigns: { findByIds: ids => (reads.push('campaigns'), campaigns.findByIds(ids)) },
      markets: {
        findByIds: ids => (reads.push('markets'), markets.findByIds(ids)),
        findEventIdsByCampaign: ids => (reads.push('events'), markets.findEventIdsByCampaign(ids)),
      },
    });
    await counted([...(await changesOf(campaign._id)), ...(await changesOf(marketId))], undefined);
    expect(reads).toEqual(['campaigns', 'markets', 'events']);
  });
});
