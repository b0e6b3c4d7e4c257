import { id, instant } from './common.ts';
import { eventEnvelope } from './event-envelope.ts';

const version = { type: 'integer', minimum: 0, description: 'A version of the state.' } as const;
const changeId = { type: 'string', description: 'The change that made the version.' } as const;
const state = { type: 'object', additionalProperties: true, description: 'The live state.' } as const;
const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;

const object = <const P extends object, const R extends readonly string[]>(
  description: string,
  properties: P,
  required: R,
) => ({ type: 'object', additionalProperties: false, description, required, properties }) as const;

const change = {
  version,
  changeId,
  cause: { type: 'string', description: 'What was done.' },
  by: { type: 'string', description: 'Who did it, by an opaque reference, or `system`.' },
  at: instant,
} as const;
const changeMembers = ['version', 'changeId', 'cause', 'by', 'at'] as const;
const patch = { type: 'object', additionalProperties: true, description: 'A JSON merge patch (RFC 7396).' } as const;

/** A version as subscribers get it. */
export const versionItem = object('A version.', { ...change, patch }, [...changeMembers, 'patch']);

/** The answer to `campaign:subscribe`. */
export const subscribeAnswer = object(
  'Where the subscription begins.',
  {
    campaignId: id,
    mode: { type: 'string', enum: ['patch', 'full'], description: 'How versions come.' },
    version,
    changeId,
    isSnapshot: { type: 'boolean', description: 'Whether the whole state was sent.' },
  },
  ['campaignId', 'mode', 'version', 'changeId', 'isSnapshot'],
);

/** The answer to `campaign:unsubscribe`. */
export const unsubscribeAnswer = object(
  'Nothing of the campaign comes after it.',
  { campaignId: id, wasSubscribed: { type: 'boolean', description: 'Whether there was a subscription.' } },
  ['campaignId', 'wasSubscribed'],
);

/** The answer to `campaign:state`. */
export const stateAnswer = object('The state.', { campaignId: id, version, changeId, at: instant, state }, [
  'campaignId',
  'version',
  'changeId',
  'at',
  'state',
]);

/** The answer to everything that changes a state. */
export const writeAnswer = object(
  'The version that was made.',
  {
    campaignId: id,
    version,
    changeId,
    at: instant,
    outcome: {
      type: 'string',
      enum: ['committed', 'repeated', 'superseded'],
      description: '`repeated` when the request had been carried out before.',
    },
  },
  ['campaignId', 'version', 'changeId', 'at', 'outcome'],
);

/** What a failure says besides the error when the state has another version than was expected. */
export const mismatch = {
  campaignId: id,
  currentVersion: { ...version, description: 'The version that the state has.' },
  versions: { type: 'array', items: versionItem, description: 'The versions since the one that was expected.' },
  version: { ...version, description: 'The version of `state`.' },
  changeId,
  state: { ...state, description: 'The state, where the versions cannot be had.' },
} as const;

/** The answer to `campaign:history`. */
export const historyAnswer = object(
  'Who changed what.',
  {
    campaignId: id,
    changes: {
      type: 'array',
      items: object('A version.', change, changeMembers),
      description: 'The versions, the latest first.',
    },
  },
  ['campaignId', 'changes'],
);

/** The answer to `campaign:list`. */
export const listAnswer = object(
  'Campaigns that the caller may read.',
  {
    campaigns: {
      type: 'array',
      description: 'The campaigns, by their names.',
      items: object(
        'A campaign.',
        {
          campaignId: id,
          name: { type: 'string', description: 'Its name.' },
          identifier: { type: 'string', description: 'Its identifier.' },
          status: { type: 'string', description: 'Its status.' },
          date: { type: 'object', additionalProperties: true, description: 'Its dates.' },
          domain: { type: 'object', additionalProperties: true, description: 'Its domain.' },
        },
        ['campaignId'],
      ),
    },
    total: count('How many there are.'),
    limit: count('How many were wanted at most.'),
    offset: count('How many were passed over.'),
  },
  ['campaigns', 'total', 'limit', 'offset'],
);

/** The answer to `nexus:subscribe` and `nexus:unsubscribe`. */
export const patternsAnswer = object(
  'All that the connection listens to.',
  { types: { type: 'array', items: { type: 'string', description: 'A pattern.' }, description: 'The patterns.' } },
  ['types'],
);

/** The answer to `nexus:emit`. */
export const emitAnswer = object('The answer to what was emitted.', { answer: eventEnvelope }, ['answer']);

/** The answer to `auth:refresh`. */
export const refreshAnswer = object(
  'How long the connection lasts now.',
  {
    expiresAt: { ...instant, description: 'When the token is over.' },
    ended: { type: 'array', items: id, description: 'Campaigns whose subscriptions the new token does not grant.' },
  },
  ['expiresAt', 'ended'],
);

/** The answer to `{service}:health`. */
export const healthAnswer = object(
  'How the process is.',
  {
    ready: { type: 'boolean', description: 'Whether it takes requests.' },
    dependencies: {
      type: 'array',
      items: object(
        'A dependency.',
        {
          name: { type: 'string', description: 'Its name.' },
          ok: { type: 'boolean', description: 'Whether it answered.' },
          durationMs: count('How long it took, in milliseconds.'),
          optional: { type: 'boolean', description: 'Present when the process is ready without it.' },
        },
        ['name', 'ok', 'durationMs'],
      ),
      description: 'What it depends on.',
    },
    connections: count('How many are connected to it.'),
    subscriptions: object(
      'Who follows which campaigns over it.',
      { campaigns: count('How many campaigns are followed.'), subscribers: count('How many subscriptions there are.') },
      ['campaigns', 'subscribers'],
    ),
    instances: object(
      'The other instances.',
      {
        isConnected: { type: 'boolean', description: 'Whether they hear each other through Redis.' },
        others: count('How many others there are.'),
      },
      ['isConnected', 'others'],
    ),
    streams: count('How many streams are open.'),
    state: object(
      'The live states that it has in memory.',
      {
        isEnabled: {
          type: 'boolean',
          description: 'Whether there are live states at all; if not, nothing more is said.',
        },
        campaigns: count('How many there are.'),
        subscribers: count('How many follow them, inside the process.'),
        pending: count('How many updates wait to be written.'),
        bytes: count('How much memory they take, about.'),
      },
      ['isEnabled'],
    ),
  },
  ['ready', 'dependencies', 'connections', 'subscriptions', 'instances', 'streams', 'state'],
);

/** The answer to a request for a stream: it was started. */
export const streamAnswer = object('Items follow.', { campaignId: id }, ['campaignId']);

/** The answer to `campaign:stream_stop`. */
export const streamStopAnswer = object(
  'Nothing of these streams comes after it.',
  {
    campaignId: id,
    stopped: {
      type: 'array',
      items: { type: 'string', description: 'What the stream was of.' },
      description: 'The streams that were stopped.',
    },
  },
  ['campaignId', 'stopped'],
);

/** `campaign:state:v1:success`, as subscribers get it: a whole state, a version, or several. */
export const stateEvent = {
  type: 'object',
  additionalProperties: false,
  description: 'The whole state, a version as a patch onto the one before, or several of them in their order.',
  required: ['campaignId'],
  properties: {
    campaignId: id,
    ...change,
    patch,
    state,
    fromVersion: { ...version, description: 'The first of several versions.' },
    versions: { type: 'array', items: versionItem, description: 'Several versions.' },
  },
  oneOf: [
    { type: 'object', required: ['version', 'changeId', 'state', 'at'] },
    { type: 'object', required: [...changeMembers, 'patch'] },
    { type: 'object', required: ['fromVersion', 'versions'] },
  ],
} as const;

/** An item of `campaign:stream_events`. */
export const eventItem = object('Something that happened.', { campaignId: id, event: eventEnvelope }, [
  'campaignId',
  'event',
]);

const latency = { type: ['number', 'null'], description: 'Milliseconds; null when there was no update.' } as const;

/** An item of `campaign:stream_analytics`. */
export const analyticsItem = object(
  'What goes on with the campaign.',
  {
    campaignId: id,
    subscriberCount: count('How many subscribe to the state, on all instances.'),
    version,
    lastUpdated: { ...instant, description: 'When that version was made.' },
    stateKeys: count('How many members the state has.'),
    activeFeatures: count('How many features are switched on.'),
    updatesPerSecond: { type: 'number', minimum: 0, description: 'Versions a second, over the last five.' },
    updateLatencyMs: object(
      'How long versions took from being made to being known to this instance, over the same time.',
      { p50: latency, p99: latency },
      ['p50', 'p99'],
    ),
    timestamp: { ...instant, description: 'When this was so.' },
  },
  [
    'campaignId',
    'subscriberCount',
    'version',
    'lastUpdated',
    'stateKeys',
    'activeFeatures',
    'updatesPerSecond',
    'updateLatencyMs',
    'timestamp',
  ],
);

const items = count('How many items there were.');

/** What a stream says from time to time. */
export const heartbeat = object(
  'The stream is alive.',
  {
    campaignId: id,
    seq: count('The number of the last item.'),
    items: count('How many items there were since the last one of these.'),
  },
  ['campaignId', 'seq', 'items'],
);

/** The end of a stream that was not wanted any more. */
export const streamEnd = object(
  'The end of a stream.',
  {
    campaignId: id,
    reason: { type: 'string', enum: ['stopped', 'replaced'], description: 'Why it ended.' },
    items,
  },
  ['campaignId', 'reason', 'items'],
);

/** What the failure of a stream that was started says besides the error. */
export const streamFailure = {
  campaignId: id,
  isRetryable: { type: 'boolean', description: 'Whether the stream may be asked for again.' },
  items,
} as const;

/** Why a connection is about to be closed by the server. */
export const closeEvent = object(
  'Why the connection is closed.',
  {
    error: object(
      'The reason.',
      {
        type: { type: 'string', description: 'An error of docs/errors.md.' },
        message: { type: 'string', description: 'What it means, for people.' },
      },
      ['type', 'message'],
    ),
    isRetryable: { type: 'boolean', description: 'Whether the client may come back as it is.' },
    retryAfterMs: count('After how many milliseconds.'),
  },
  ['error', 'isRetryable'],
);
