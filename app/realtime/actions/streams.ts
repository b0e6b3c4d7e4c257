import { type StreamStopPayload } from '../../../schemas/channel-requests.ts';
import { type Bus } from '../bus.ts';
import { type CampaignAnalytics } from '../campaign-analytics.ts';
import { requests } from '../declarations.ts';
import { type EventPayload } from '../envelope.ts';
import { type Registrar } from '../registrar.ts';
import { type CampaignStateManager } from '../state/campaign-state-manager.ts';
import { type Streams } from '../streams.ts';
import { type Subscriptions } from '../subscriptions.ts';
import { selectConnection } from './select-connection.ts';
import { createViewSelector, seesVariants } from './views.ts';

export interface StreamActionsDependencies {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly states: Pick<CampaignStateManager, 'read'>;
  readonly streams: Pick<Streams, 'stop'>;
  readonly subscriptions: Pick<Subscriptions, 'subscribe'>;
  readonly analytics: CampaignAnalytics;
}

/** What the name of a request for a stream begins with. */
const PREFIX = 'stream_';

/** Registers the streams of a campaign, and what stops them. */
export function registerStreamActions(
  registrar: Registrar,
  { bus, states, streams, subscriptions, analytics }: StreamActionsDependencies,
): void {
  // The stream is one more subscriber: it gets what subscribers get, and lags as they may.
  registrar.stream(requests.streamState, async (campaignId, { caller: { actor } }, { connection, signal }) => {
    await subscriptions.subscribe({
      campaignId,
      connection,
      mode: 'patch',
      selectView: createViewSelector(campaignId, actor, undefined),
      isViewFixed: seesVariants(actor, campaignId),
      signal,
    });
  });

  registrar.stream(requests.streamEvents, async (campaignId, _request, stream) => {
    // Of no campaign nothing happens: whoever asks for one that there is not is told so.
    await states.read(campaignId);
    stream.onEnd(bus.subscribe('*', event => stream.push({ campaignId, event }), { campaignId }));
  });

  registrar.stream(requests.streamAnalytics, async (campaignId, _request, stream) => {
    /** What is to be said once what was said before has been read. */
    let next: EventPayload | undefined;
    let isSending = false;
    const push = (item: EventPayload): void => {
      if (isSending) {
        next = item;
        return;
      }
      isSending = true;
      stream.push(item, () => {
        isSending = false;
        const waiting = next;
        next = undefined;
        if (waiting !== undefined) push(waiting);
      });
    };
    stream.onEnd(await analytics.follow(campaignId, push));
  });

  registrar.request<StreamStopPayload>(requests.streamStop, async ({ stream }, { caller }, campaignId) => {
    const action = stream && `${PREFIX}${stream}`;
    const stopped = await streams.stop(selectConnection(caller), { service: 'campaign', campaignId, action });
    return { campaignId, stopped: stopped.map(one => one.slice(PREFIX.length)) };
  });
}
