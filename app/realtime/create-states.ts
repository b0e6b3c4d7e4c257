import { type Log } from '../../lib/log.ts';
import { limitLog } from '../../lib/log-limit.ts';
import { type Config } from '../../config/schema.ts';
import { type Clock } from '../context.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { type InstanceMessages } from '../services/redis/instance-messages.ts';
import { type Presence } from './presence.ts';
import { type CampaignStateManager, createCampaignStateManager } from './state/campaign-state-manager.ts';
import { createInitialState, readTemplate, summarizeMarkets } from './state/initial-state.ts';
import { type StateObserver } from './state/live-campaign.ts';
import { createMemoryJournal } from './state/memory-journal.ts';
import { openStateNews } from './state-news.ts';

/** What the states of all campaigns begin with. */
export const TEMPLATE = new URL('../../config/default_campaign.json', import.meta.url);

export interface StatesDependencies {
  readonly datastores: Pick<Datastores, 'campaigns' | 'markets' | 'stateJournal' | 'stateSnapshots' | 'instanceKeys'>;
  readonly clock: Clock;
  readonly Log: Log;
  readonly observer: StateObserver;
  /** What instances tell each other of commits goes through them. */
  readonly messages: Pick<InstanceMessages, 'openTopic' | 'isConnected'>;
  /** Who is there; undefined in a process that serves nobody. */
  readonly selectPresence: () => Pick<Presence, 'isFollowedElsewhere'> | undefined;
}

/**
 * Makes the manager of live states that is configured; null when they are switched off. Throws when the template of states
 * cannot be read.
 */
export async function createStates(
  config: Config,
  dependencies: StatesDependencies,
): Promise<CampaignStateManager | null> {
  const { state } = config;
  if (!state.enabled) return null;
  const { datastores, clock, Log, observer, messages, selectPresence } = dependencies;
  const log = limitLog(Log('app/realtime/state'));
  const template = await readTemplate(TEMPLATE);
  const forgetful = state.persistence ? undefined : createMemoryJournal();
  const states: CampaignStateManager = createCampaignStateManager({
    journal: forgetful ?? datastores.stateJournal,
    snapshots: forgetful ?? datastores.stateSnapshots,
    async readInitialState(campaignId) {
      const now = clock();
      const campaign = await datastores.campaigns.findById(campaignId);
      if (campaign === null) return null;
      const markets = await datastores.markets.findByCampaign(campaignId);
      return createInitialState(template, campaign, summarizeMarkets(markets, { now, version: now.getTime() }));
    },
    clock,
    log,
    observer,
    // Without a journal that all instances read there is nothing to tell of.
    ...(forgetful === undefined && {
      onCommitted: openStateNews({
        messages,
        selectStates: () => states,
        readKey: purpose => datastores.instanceKeys.readOrCreate(purpose),
        isFollowedElsewhere: campaignId =>
          messages.isConnected && selectPresence()?.isFollowedElsewhere(campaignId) === true,
        log,
      }),
    }),
    options: { maxCampaigns: state.maxCampaigns, maxBytes: state.maxBytes, idleMs: state.idleMs },
  });
  return states;
}
