import { type JournalPosition } from '../datastore/state-journal.ts';
import { type InstanceMessages } from '../services/redis/instance-messages.ts';
import { type CampaignStateManager } from './state/campaign-state-manager.ts';

/** The channel on which instances tell each other how far their journals are. */
export const NEWS_CHANNEL = 'campaign-service:states';

/** The journal of a campaign has this version. What it says, the journal alone knows. */
interface News extends JournalPosition {
  readonly campaignId: string;
}

const id = { type: 'string', pattern: '^[0-9a-f]{24}$' };

const schema = {
  type: 'object',
  required: ['campaignId', 'version', 'changeId'],
  properties: {
    campaignId: id,
    version: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    changeId: id,
  },
};

/**
 * Opens the news of live states: those of others are handed to the manager, which reads the journal. Gives what tells the
 * others of a commit: of a campaign for which news waits already only the last is told. It never waits and never throws;
 * what is lost is found by the poll.
 */
export function openStateNews(
  messages: Pick<InstanceMessages, 'openTopic'>,
  selectStates: () => Pick<CampaignStateManager, 'onNews'>,
): (campaignId: string, position: JournalPosition) => void {
  const topic = messages.openTopic<News>({
    topic: 'stateNews',
    channel: NEWS_CHANNEL,
    schema,
    onMessage: ({ campaignId, version, changeId }) => selectStates().onNews(campaignId, version, changeId),
  });
  return (campaignId, { version, changeId }) => topic.publish(campaignId, { campaignId, version, changeId });
}
