import { type Tracing } from '../../lib/spans.ts';
import { type ChangeRecord } from '../datastore/changes.ts';
import { type Datastores } from '../datastore/datastores.ts';
import { type Cdn, type PurgeTarget } from '../services/cdn.ts';
import { campaignKey, domainKey } from '../services/surrogate-keys.ts';
import { type DeliveryFailure, type Effect } from './effect.ts';
import { type Patience } from './message-effect.ts';
import { selectCampaignId } from './messages.ts';
import { withDeliverySpan } from './spans.ts';

/** So many changes have at most 256 keys (campaign, domain, the domain before): one request. */
const PURGE_BATCH_SIZE = 85;

/**
 * Makes the effect that purges what a campaign shows: all that is tagged with it or with its domain, and the page at
 * the root of its domain; likewise for the domain that it had before.
 */
export function createPurgeEffect({
  campaigns,
  cdn,
  patience,
  tracing,
}: {
  readonly campaigns: Pick<Datastores['campaigns'], 'findByIds'>;
  readonly cdn: Cdn;
  readonly patience: Patience;
  readonly tracing: Tracing | null;
}): Effect {
  const perform = async (
    changes: readonly ChangeRecord[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, DeliveryFailure>> => {
    const found = await campaigns.findByIds([...new Set(changes.map(selectCampaignId))]);
    const domains = new Map(found.map(({ _id, domain }) => [_id, domain?.site]));
    // What several changes ask for is purged once.
    const targets = new Map<string, PurgeTarget>();
    const targetsOf = new Map<string, readonly string[]>();
    for (const change of changes) {
      const campaignId = selectCampaignId(change);
      const sites = [domains.get(campaignId), change.oldDomain].filter(site => site !== undefined);
      const keys = [campaignKey(campaignId), ...sites.map(domainKey)];
      // A single label is no host: what it shows is found by its key alone.
      const urls = sites.filter(site => site.includes('.')).map(site => `https://${site}/`);
      for (const key of keys) targets.set(key, { key });
      for (const url of urls) targets.set(url, { url });
      targetsOf.set(change._id, [...keys, ...urls]);
    }
    const left = await cdn.purge([...targets.values()], signal);
    const failures = new Map<string, DeliveryFailure>();
    for (const [changeId, names] of targetsOf) {
      const failure = names.map(name => targets.get(name)).find(target => target !== undefined && left.has(target));
      const reason = failure && left.get(failure);
      if (reason !== undefined) failures.set(changeId, reason);
    }
    return failures;
  };

  return {
    name: 'fastlyPurge',
    batchSize: PURGE_BATCH_SIZE,
    ...patience,
    perform: (changes, signal) =>
      withDeliverySpan(tracing, { span: 'hook.fastly', effect: 'fastlyPurge', changes }, () =>
        perform(changes, signal),
      ),
  };
}
