import { id, instant, text, version } from './common.ts';

/** The systems that changes are delivered to. */
export const effectName = {
  type: 'string',
  enum: [
    'kinesisCampaign',
    'sqsDataPipeline',
    'sqsRefreshSelections',
    'kinesisAttendance',
    'fastlyPurge',
    'stateBroadcast',
    'linkedCampaigns',
  ],
  description: 'What a change is delivered to.',
} as const;

const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;
const changeId = { ...text(64, 'The id of the change.'), minLength: 1 } as const;

const effectState = {
  type: 'object',
  additionalProperties: false,
  description: 'What there is to deliver to one system.',
  required: ['effect', 'isEnabled', 'pending', 'due', 'dead', 'oldestAgeSeconds', 'circuit'],
  properties: {
    effect: effectName,
    isEnabled: { type: 'boolean', description: 'Whether the configuration names a target.' },
    pending: count('How many changes are still to be delivered.'),
    due: count('How many of them are due by now.'),
    dead: count('How many were given up.'),
    oldestAgeSeconds: {
      type: ['integer', 'null'],
      minimum: 0,
      description: 'How many seconds ago the oldest pending change was made; null when there is none.',
    },
    circuit: {
      enum: ['closed', 'halfOpen', 'open', null],
      description: 'The circuit breaker, as this instance sees the target; null when there is none.',
    },
  },
} as const;

const deadLetter = {
  type: 'object',
  additionalProperties: false,
  description: 'A change that could not be delivered.',
  required: ['changeId', 'collection', 'documentId', 'version', 'at', 'deliveries'],
  properties: {
    changeId,
    collection: text(64, 'Where the document lies.'),
    documentId: text(64, 'The id of the document.'),
    campaignId: id,
    version: { ...version, description: 'The version that the change made.' },
    at: { ...instant, description: 'When the document changed.' },
    deliveries: {
      type: 'array',
      description: 'What was given up, and why.',
      items: {
        type: 'object',
        additionalProperties: false,
        description: 'One system that did not take the change.',
        required: ['effect', 'attempts', 'at', 'lastError'],
        properties: {
          effect: effectName,
          attempts: count('How often it was tried.'),
          at: { ...instant, description: 'When it was given up.' },
          lastError: text(500, 'What the last attempt ended with; secrets are left out.'),
        },
      },
    },
  },
} as const;

/** The state of all deliveries. */
export const deliveriesState = {
  $id: 'deliveriesState',
  type: 'object',
  additionalProperties: false,
  description: 'The deliveries of changes to other systems.',
  required: ['effects', 'dead'],
  properties: {
    effects: { type: 'array', items: effectState, description: 'Each system.' },
    dead: { type: 'array', items: deadLetter, description: 'A page of the dead letters, the latest changes first.' },
  },
} as const;

/** Which dead letters to redrive. */
export const redriveWrite = {
  $id: 'redriveWrite',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'Which dead letters are tried again: those of a system, of named changes, or of both.',
  properties: {
    effect: effectName,
    changeIds: {
      type: 'array',
      items: changeId,
      minItems: 1,
      maxItems: 500,
      uniqueItems: true,
      description: 'The ids of changes.',
    },
  },
} as const;

/** What a redrive did. */
export const redriveResult = {
  $id: 'redriveResult',
  type: 'object',
  additionalProperties: false,
  description: 'What was redriven.',
  required: ['redriven'],
  properties: { redriven: count('How many deliveries are pending again.') },
} as const;
