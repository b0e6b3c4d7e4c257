import { type ChangeRecord, type ChangeSource } from '../datastore/changes.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { CampaignNotFoundError } from '../errors.ts';
import { type CampaignStateManager, type SectionRequest } from '../realtime/state/campaign-state-manager.ts';
import { summarizeCampaign, summarizeMarkets } from '../realtime/state/initial-state.ts';
import { type DeliveryFailure, type Effect } from './effect.ts';
import { type Patience } from './message-effect.ts';
import { selectCampaignId } from './messages.ts';

const BATCH_SIZE = 50;

const selectCampaignOf = ({ documentId, change }: ChangeSource): string =>
  selectCampaignId({ campaignId: change.campaignId, documentId });

/**
 * Makes the effect that writes what a change made of a campaign or its markets into the campaign's live state, where
 * subscribers see it at once. A campaign whose state nobody ever asked for gets none by it.
 */
export function createStateBroadcastEffect({
  campaigns,
  markets,
  states,
  clock,
  patience,
}: {
  readonly campaigns: Pick<Datastores['campaigns'], 'findById'>;
  readonly markets: Pick<Datastores['markets'], 'findByCampaign'>;
  readonly states: Pick<CampaignStateManager, 'writeSection' | 'selectLive'>;
  readonly clock: () => Date;
  readonly patience: Patience;
}): Effect {
  const select = async (change: ChangeRecord): Promise<Pick<SectionRequest, 'section' | 'content'>> => {
    const campaignId = selectCampaignId(change);
    if (change.cause.startsWith('market.')) {
      const now = clock();
      const found = await markets.findByCampaign(campaignId);
      return { section: 'markets', content: summarizeMarkets(found, { now, version: now.getTime() }) };
    }
    const campaign = await campaigns.findById(campaignId);
    if (campaign === null) throw new CampaignNotFoundError();
    return { section: 'campaign', content: summarizeCampaign(campaign) };
  };

  const deliver = async (change: ChangeRecord): Promise<DeliveryFailure | undefined> => {
    try {
      const { _id: changeId, cause } = change;
      await states.writeSection({ campaignId: selectCampaignId(change), changeId, cause, ...(await select(change)) });
      return undefined;
    } catch (error) {
      return { error: error as Error, isFinal: error instanceof CampaignNotFoundError };
    }
  };

  return {
    name: 'stateBroadcast',
    batchSize: BATCH_SIZE,
    ...patience,
    async selectConcerned(sources) {
      const live = await states.selectLive(sources.map(selectCampaignOf));
      return new Set(sources.filter(source => live.has(selectCampaignOf(source))).map(({ change }) => change.id));
    },
    async perform(changes, signal) {
      signal.throwIfAborted();
      const outcomes = await Promise.all(changes.map(deliver));
      return new Map(changes.flatMap(({ _id }, at) => (outcomes[at] === undefined ? [] : [[_id, outcomes[at]]])));
    },
  };
}
