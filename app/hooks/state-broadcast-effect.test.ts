import { beforeEach, describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../test/support/campaign-documents.ts';
import { buildJournalDocument } from '../../test/support/state-journal.ts';
import { supreme } from '../../test/support/manager-world.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { createId } from '../../lib/ids.ts';
import { silentLog } from '../../lib/log.ts';
import { type CampaignDocument } from '../datastore/campaign-document.ts';
import { type ChangeRecord, type ChangeSource, type PendingChange } from '../datastore/changes.ts';
import { update } from '../managers/campaigns/update.ts';
import { type CampaignStateManager, createCampaignStateManager } from '../realtime/state/campaign-state-manager.ts';
import { createInitialState, summarizeMarkets } from '../realtime/state/initial-state.ts';
import { createStateBroadcastEffect } from './state-broadcast-effect.ts';

describe('a change on its way to the live state', () => {
  const suite = useManagerWorld();
  let states: CampaignStateManager;
  let campaign: CampaignDocument;

  beforeEach(async () => {
    const { campaigns, markets, stateJournal, stateSnapshots } = suite.world.datastores;
    states = createCampaignStateManager({
      journal: stateJournal,
      snapshots: stateSnapshots,
      async readInitialState(campaignId) {
        const found = await campaigns.findById(campaignId);
        const now = new Date();
        const ofMarkets = summarizeMarkets(await markets.findByCampaign(campaignId), { now, version: 1 });
        return found && createInitialState({}, found, ofMarkets);
      },
      clock: () => new Date(),
      log: silentLog('states'),
    });
    campaign = await suite.insert(createCampaignDocument({}, {}));
  });

  const createEffect = (writeSection = states.writeSection.bind(states)) =>
    createStateBroadcastEffect({
      ...suite.world.datastores,
      states: { writeSection, selectLive: states.selectLive.bind(states) },
      clock: () => new Date(),
      patience: { attempts: 3, backoff: { baseMs: 1, maxMs: 1 } },
    });
  const deliver = (changes: readonly ChangeRecord[], writeSection = states.writeSection.bind(states)) =>
    createEffect(writeSection).perform(changes, new AbortController().signal);
  /** Renames the campaign and gives the change that is to be delivered. */
  const rename = async (): Promise<ChangeRecord> => {
    await update(suite.world.createContext(supreme), campaign._id, { name: `Renamed ${campaign._id}` });
    const [record] = await suite.world.findChanges(campaign._id);
    if (record === undefined) throw new Error('The change was not recorded.');
    return record;
  };
  const readSection = async (section: string): Promise<unknown> => (await states.read(campaign._id)).state[section];

  it('is asked for, and shows what the campaign is by now', async () => {
    await states.read(campaign._id);
    const record = await rename();
    expect(record.pending.map(({ effect }) => effect)).toContain('stateBroadcast');
    await expect(deliver([record])).resolves.toEqual(new Map());
    expect(await readSection('campaign')).toMatchObject({
      name: `Renamed ${campaign._id}`,
      version: campaign.version + 1,
    });
    const [change] = await states.listHistory(campaign._id, { limit: 1 });
    expect(change).toMatchObject({ version: 2, eventId: record._id, by: 'system', cause: 'campaign.updated' });
  });

  it('makes one version, however often it is delivered', async () => {
    await states.read(campaign._id);
    const record = await rename();
    await deliver([record]);
    await deliver([record]);
    expect((await states.read(campaign._id)).version).toBe(2);
  });

  it('counts the markets anew', async () => {
    await states.read(campaign._id);
    const record = { ...(await rename()), cause: 'market.created', campaignId: campaign._id } as ChangeRecord;
    await deliver([record]);
    expect(await readSection('markets')).toMatchObject({ count: 0, version: expect.any(Number) as unknown });
    expect(await readSection('campaign')).toMatchObject({ version: campaign.version });
  });

  it('makes no state for a campaign whose state nobody asked for', async () => {
    await expect(deliver([await rename()])).resolves.toEqual(new Map());
    expect(await suite.world.datastores.stateJournal.readHead(campaign._id)).toBeNull();
  });

  it('has nothing to do for campaigns without a state, in memory or in the journal', async () => {
    const inMemory = await suite.insert(createCampaignDocument({}, {}));
    await states.read(inMemory._id);
    const { stateJournal } = suite.world.datastores;
    const inJournal = await suite.insert(createCampaignDocument({}, {}));
    // Longer than the list of those who ask.
    for (let from = 1; from <= 5; from++) await stateJournal.append(buildJournalDocument(inJournal._id, from, [{}]));
    const behindIt = await suite.insert(createCampaignDocument({}, {}));
    await stateJournal.append(buildJournalDocument(behindIt._id, 1, [{}]));
    const sources: ChangeSource[] = [campaign, inMemory, inJournal, behindIt].map(({ _id }) => {
      const change = { id: `of ${_id}`, campaignId: _id } as PendingChange;
      return { collection: 'campaigns', documentId: _id, change };
    });
    const withMarket = await suite.insert(createCampaignDocument({}, {}));
    await states.read(withMarket._id);
    const ofMarket = { id: 'of a market', campaignId: withMarket._id } as PendingChange;
    sources.push({ collection: 'markets', documentId: createId(), change: ofMarket });
    expect(await createEffect().selectConcerned?.(sources)).toEqual(
      new Set([`of ${inMemory._id}`, `of ${inJournal._id}`, `of ${behindIt._id}`, 'of a market']),
    );
  });

  it('fails alone, and comes again', async () => {
    const record = await rename();
    const other = { ...record, _id: '0123456789abcdef01234567' };
    const error = new ServiceUnavailableError('database');
    const failures = await deliver([record, other], request =>
      request.changeId === record._id ? Promise.reject(error) : Promise.resolve(null),
    );
    expect([...failures]).toEqual([[record._id, { error, isFinal: false }]]);
  });

  it('is given up for a campaign that is gone', async () => {
    const record = { ...(await rename()), documentId: '0123456789abcdef01234567', campaignId: undefined };
    const failures = await deliver([record as unknown as ChangeRecord]);
    expect(failures.get(record._id)).toMatchObject({ isFinal: true });
  });
});
