import { type FromSchema } from 'json-schema-to-ts';
import { configSections } from './campaign-state.ts';

const campaignId = {
  type: ['string', 'integer'],
  minLength: 1,
  maxLength: 128,
  minimum: 0,
  maximum: 0,
  description: 'The id of the campaign, its identifier, or 0 for the default campaign.',
} as const;

const version = { type: 'integer', minimum: 1, description: 'A version of the state.' } as const;
const expectedVersion = {
  type: 'integer',
  minimum: 0,
  description: 'The version that the state must have; otherwise nothing is written.',
} as const;
const content = { type: 'object', additionalProperties: true, description: 'A JSON merge patch (RFC 7396).' } as const;
const names = {
  type: 'array',
  items: { type: 'string', description: 'A name.' },
  description: 'Names of features.',
} as const;
const operation = {
  type: 'object',
  additionalProperties: true,
  description: 'What a request of its `kind` (`update`, `feature`, `config`) says besides the campaign.',
} as const;

const payload = <const P extends object, const R extends readonly string[]>(
  description: string,
  properties: P,
  required: R,
) => ({ type: 'object', additionalProperties: false, description, required, properties }) as const;

/** The payload of `campaign:subscribe`. */
export const subscribePayload = payload(
  'Which versions are wanted.',
  {
    campaignId,
    since: {
      type: 'object',
      additionalProperties: false,
      required: ['version', 'changeId'],
      description: 'What was seen last: what came after it is sent, if that is known, else the whole state.',
      properties: {
        version: { ...version, description: 'The version that was seen last.' },
        changeId: { type: 'string', minLength: 1, maxLength: 128, description: 'The change that made it.' },
      },
    },
    mode: {
      type: 'string',
      enum: ['patch', 'full'],
      description: 'Whether versions come as patches or as whole states.',
    },
    segment: {
      type: 'string',
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      maxLength: 64,
      description: 'The variant that is wanted, if there is one of this name.',
    },
  },
  ['campaignId'],
);

/** The payload of `campaign:unsubscribe`. */
export const unsubscribePayload = payload('What is not wanted any more.', { campaignId }, ['campaignId']);

/** The payload of `campaign:state`. */
export const statePayload = payload('Which state is wanted.', { campaignId, version }, ['campaignId']);

/** The payload of `campaign:update`. */
export const updatePayload = payload('An update.', { campaignId, updates: content, expectedVersion }, [
  'campaignId',
  'updates',
]);

/** The payload of `campaign:feature`. */
export const featurePayload = payload(
  'A change of the features.',
  {
    campaignId,
    features: names,
    action: { type: 'string', enum: ['add', 'remove', 'set'], description: 'What is done with the features.' },
    expectedVersion,
  },
  ['campaignId', 'features', 'action'],
);

/** The payload of `campaign:config`. */
export const configPayload = payload(
  'A merge patch onto one section of configuration.',
  {
    campaignId,
    configType: { type: 'string', enum: configSections, description: 'The section.' },
    config: content,
    expectedVersion,
  },
  ['campaignId', 'configType', 'config'],
);

/** The payload of `campaign:batch`. */
export const batchPayload = payload(
  'Several operations that make one version.',
  {
    campaignId,
    operations: { type: 'array', items: operation, description: 'The operations, in their order.' },
    expectedVersion,
  },
  ['campaignId', 'operations'],
);

/** The payload of `campaign:rollback`. */
export const rollbackPayload = payload(
  'A return to an older version.',
  { campaignId, toVersion: { ...version, description: 'The older version.' }, expectedVersion },
  ['campaignId', 'toVersion'],
);

/** The payload of `campaign:history`. */
export const historyPayload = payload(
  'Which part of the history is wanted.',
  {
    campaignId,
    before: { ...version, description: 'Only versions before this one.' },
    limit: { type: 'integer', minimum: 1, maximum: 100, description: 'How many at most.' },
  },
  ['campaignId', 'limit'],
);

/** The payload of `campaign:list`. */
export const listPayload = payload(
  'Which campaigns are wanted.',
  {
    limit: { type: 'integer', minimum: 1, maximum: 100, description: 'How many at most.' },
    offset: {
      type: 'integer',
      minimum: 0,
      maximum: 1_000_000,
      description: 'How many are passed over: a multiple of `limit`.',
    },
    q: { type: 'string', maxLength: 200, description: 'Words that the name, artist, tour, domain or identifier has.' },
  },
  ['limit', 'offset'],
);

/** What there are streams of. */
export const streamKinds = ['state', 'events', 'analytics'] as const;

/** The payload of `campaign:stream_state` and its like. */
export const streamPayload = payload('What is to be followed.', { campaignId }, ['campaignId']);

/** The payload of `campaign:stream_stop`. */
export const streamStopPayload = payload(
  'Which streams are not wanted any more.',
  {
    campaignId,
    stream: { type: 'string', enum: streamKinds, description: 'The one stream; all of the campaign when left out.' },
  },
  ['campaignId'],
);

/** The payload of `auth:refresh`. */
export const refreshPayload = payload(
  'A new token.',
  { token: { type: 'string', minLength: 1, maxLength: 16_384, description: 'The token.' } },
  ['token'],
);

/** The payload of `nexus:subscribe` and `nexus:unsubscribe`. */
export const patternsPayload = payload(
  'Which events are meant.',
  {
    types: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: { type: 'string', maxLength: 200, description: 'A type, or what types begin with: `campaign:*`.' },
      description: 'The types.',
    },
    campaignId,
  },
  ['types'],
);

export type PatternsPayload = FromSchema<typeof patternsPayload>;
export type SubscribePayload = FromSchema<typeof subscribePayload>;
export type StatePayload = FromSchema<typeof statePayload>;
export type HistoryPayload = FromSchema<typeof historyPayload>;
export type ListPayload = FromSchema<typeof listPayload>;
export type StreamStopPayload = FromSchema<typeof streamStopPayload>;
export type RefreshPayload = FromSchema<typeof refreshPayload>;
