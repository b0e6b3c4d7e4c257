import { id, instant, text } from './common.ts';

const version = { type: 'integer', minimum: 1, description: 'A version of the state.' } as const;
const json = { type: 'string', minLength: 2, maxLength: 1_048_576, description: 'JSON text.' } as const;
const changeId = { ...id, description: 'The document of the journal that holds the version.' } as const;

const snapshot = {
  type: 'object',
  additionalProperties: false,
  description: 'A state at a version.',
  required: ['campaignId', 'version', 'changeId', 'state', 'at'],
  properties: { campaignId: id, version, changeId, state: json, at: instant },
} as const;

const change = {
  type: 'object',
  additionalProperties: false,
  description: 'One version.',
  required: ['version', 'eventId', 'patch', 'cause', 'by', 'at', 'bodyHash'],
  properties: {
    version,
    eventId: text(128, 'The event that asked for it.'),
    patch: json,
    cause: text(64, 'What was done.'),
    by: text(128, 'An opaque reference to who did it, or `system`.'),
    at: instant,
    bodyHash: { type: 'string', maxLength: 128, description: 'Tells a repeat of the event from another one.' },
  },
} as const;

const document = {
  type: 'object',
  additionalProperties: false,
  description: 'The versions that were committed together.',
  required: ['_id', 'campaignId', 'from', 'to', 'changes'],
  properties: {
    _id: id,
    campaignId: id,
    from: { ...version, description: 'The first version.' },
    to: { ...version, description: 'The last version.' },
    previousId: {
      anyOf: [id, { type: 'null', description: 'It is the first.' }],
      description: 'The document before it. Older documents do not say.',
    },
    changes: { type: 'array', minItems: 1, maxItems: 128, description: 'The versions.', items: change },
  },
} as const;

/** One line of an exported live state. */
export const stateRecord = {
  $id: 'stateRecord',
  type: 'object',
  additionalProperties: false,
  description: 'A snapshot, or a document of the journal.',
  required: ['kind'],
  properties: {
    kind: { type: 'string', enum: ['snapshot', 'document'], description: 'Which of the two it is.' },
    snapshot,
    document,
  },
} as const;
