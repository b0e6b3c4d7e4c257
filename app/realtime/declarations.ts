import {
  batchPayload,
  configPayload,
  featurePayload,
  historyPayload,
  listPayload,
  patternsPayload,
  refreshPayload,
  rollbackPayload,
  statePayload,
  streamPayload,
  streamStopPayload,
  subscribePayload,
  unsubscribePayload,
  updatePayload,
} from '../../schemas/channel-requests.ts';
import {
  analyticsItem,
  closeEvent,
  emitAnswer,
  eventItem,
  healthAnswer,
  historyAnswer,
  listAnswer,
  mismatch,
  patternsAnswer,
  refreshAnswer,
  stateAnswer,
  stateEvent,
  streamAnswer,
  streamStopAnswer,
  subscribeAnswer,
  unsubscribeAnswer,
  writeAnswer,
} from '../../schemas/channel-answers.ts';
import { eventEnvelope } from '../../schemas/event-envelope.ts';
import { type EventDeclaration, type RequestDeclaration } from './request-declaration.ts';

const write = (
  declaration: Pick<RequestDeclaration, 'name' | 'summary' | 'payload' | 'admits' | 'needs'>,
): RequestDeclaration => ({ ...declaration, answer: writeAnswer, failure: mismatch, isPublished: true });

const stream = (name: string, summary: string, item: RequestDeclaration['item'] & object): RequestDeclaration => ({
  name,
  summary,
  payload: streamPayload,
  answer: streamAnswer,
  admits: ['read'],
  item,
});

const health = (name: string): RequestDeclaration => ({
  name,
  summary: 'Ask how the process and what it depends on are',
  payload: { type: 'object', additionalProperties: true, description: 'Nothing in particular.' },
  answer: healthAnswer,
});

/** All that can be asked over the channel. */
export const requests = {
  subscribe: {
    name: 'campaign:subscribe',
    summary: 'Get the live state of a campaign, and every version that follows',
    payload: subscribePayload,
    answer: subscribeAnswer,
    admits: ['read'],
  },
  unsubscribe: {
    name: 'campaign:unsubscribe',
    summary: 'Get nothing of a campaign any more',
    payload: unsubscribePayload,
    answer: unsubscribeAnswer,
    admits: ['read'],
  },
  state: {
    name: 'campaign:state',
    summary: 'Read the live state of a campaign, as it is or as it was',
    payload: statePayload,
    answer: stateAnswer,
    admits: ['read'],
  },
  update: write({
    name: 'campaign:update',
    summary: 'Change a live state',
    payload: updatePayload,
    admits: ['state:update', 'feature:update', 'config:update'],
    needs: 'by the keys that are touched',
  }),
  feature: write({
    name: 'campaign:feature',
    summary: 'Switch features on and off',
    payload: featurePayload,
    admits: ['feature:update'],
  }),
  config: write({
    name: 'campaign:config',
    summary: 'Change a section of configuration',
    payload: configPayload,
    admits: ['config:update'],
  }),
  batch: write({
    name: 'campaign:batch',
    summary: 'Change several things as one version',
    payload: batchPayload,
    admits: ['state:update', 'feature:update', 'config:update'],
    needs: "each operation's",
  }),
  rollback: write({
    name: 'campaign:rollback',
    summary: 'Make a version that is as an older one was',
    payload: rollbackPayload,
    admits: ['update'],
  }),
  history: {
    name: 'campaign:history',
    summary: 'Read who changed what, and when',
    payload: historyPayload,
    answer: historyAnswer,
    admits: ['read'],
  },
  list: {
    name: 'campaign:list',
    summary: 'List the campaigns that the caller may read',
    payload: listPayload,
    answer: listAnswer,
  },
  streamState: stream('campaign:stream_state', 'Follow the live state as a stream of numbered items', stateEvent),
  streamEvents: stream('campaign:stream_events', 'Follow what is asked of a campaign, and what comes of it', eventItem),
  streamAnalytics: stream('campaign:stream_analytics', 'Follow how much goes on with a campaign', analyticsItem),
  streamStop: {
    name: 'campaign:stream_stop',
    summary: 'Stop streams',
    payload: streamStopPayload,
    answer: streamStopAnswer,
    admits: ['read'],
  },
  listen: {
    name: 'nexus:subscribe',
    summary: 'Hear what happens',
    payload: patternsPayload,
    answer: patternsAnswer,
    needs: "`read` on each event's campaign",
  },
  unlisten: {
    name: 'nexus:unsubscribe',
    summary: 'Hear less of what happens',
    payload: patternsPayload,
    answer: patternsAnswer,
  },
  emit: {
    name: 'nexus:emit',
    summary: 'Make a request as an event',
    payload: eventEnvelope,
    answer: emitAnswer,
    needs: 'what that request needs',
  },
  refresh: {
    name: 'auth:refresh',
    summary: 'Go on with a new token of the same user',
    payload: refreshPayload,
    answer: refreshAnswer,
  },
  campaignHealth: health('campaign:health'),
  nexusHealth: health('nexus:health'),
} as const satisfies Readonly<Record<string, RequestDeclaration>>;

/** All that comes without having been asked for by itself. */
export const events: readonly EventDeclaration[] = [
  {
    type: 'campaign:state:v1:success',
    summary: 'What subscribers of a campaign get',
    payload: stateEvent,
  },
  {
    type: 'connection:close:v1:completed',
    summary: 'Why the server is about to close the connection',
    payload: closeEvent,
  },
];
