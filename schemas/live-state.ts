import { campaign } from './campaign.ts';
import { id, instant, text, version } from './common.ts';

const changeId = text(64, 'The id of the commit that the version is part of.');
const stateVersion = { ...version, description: 'The version of the state.' } as const;

/** A campaign's live state, as it is read over HTTP. */
export const liveState = {
  $id: 'liveState',
  type: 'object',
  additionalProperties: false,
  description: "A campaign's live state at a version.",
  required: ['campaignId', 'version', 'changeId', 'at', 'state'],
  properties: {
    campaignId: id,
    version: stateVersion,
    changeId,
    at: { ...instant, description: 'When the version was made.' },
    state: {
      type: 'object',
      additionalProperties: true,
      description: 'The state; where it has variants, the one that is the caller’s, unless the caller may change them.',
    },
  },
} as const;

const { campaignId: _itself, ...positioned } = liveState.properties;

/** A campaign with its live state. */
export const campaignWithState = {
  ...campaign,
  $id: 'campaignWithState',
  description: 'A campaign, with its live state where that is asked for.',
  properties: {
    ...campaign.properties,
    metadata: {
      type: 'object',
      additionalProperties: false,
      description: 'What belongs to the campaign and is no part of its document.',
      required: ['state'],
      properties: {
        state: {
          type: 'object',
          additionalProperties: false,
          description: 'The live state, with its version.',
          required: ['version', 'changeId', 'at', 'state'],
          properties: positioned,
        },
      },
    },
  },
} as const;

/** Who changed a live state, and when. */
export const stateHistory = {
  $id: 'stateHistory',
  type: 'object',
  additionalProperties: false,
  description: "The history of a campaign's live state.",
  required: ['campaignId', 'changes'],
  properties: {
    campaignId: id,
    changes: {
      type: 'array',
      description: 'The changes, the latest first.',
      items: {
        type: 'object',
        additionalProperties: false,
        description: 'A change.',
        required: ['version', 'changeId', 'cause', 'by', 'at'],
        properties: {
          version: { ...version, description: 'The version that the change made.' },
          changeId,
          cause: text(64, 'What was done.'),
          by: text(64, 'An opaque reference to who did it, or `system`.'),
          at: { ...instant, description: 'When it was done.' },
        },
      },
    },
  },
} as const;

/** What is asked for by a rollback. */
export const stateRollbackWrite = {
  $id: 'stateRollbackWrite',
  type: 'object',
  additionalProperties: false,
  description: 'A return to an older version of a live state.',
  required: ['toVersion'],
  properties: {
    toVersion: { type: 'integer', minimum: 1, description: 'The older version.' },
    expectedVersion: {
      type: 'integer',
      minimum: 0,
      description: 'The version that the state must have; otherwise nothing is written.',
    },
  },
} as const;

/** What became of a write to a live state. */
export const stateAcknowledgement = {
  $id: 'stateAcknowledgement',
  type: 'object',
  additionalProperties: false,
  description: 'The version that a write made: it is in the journal.',
  required: ['campaignId', 'version', 'changeId', 'at', 'outcome'],
  properties: {
    campaignId: id,
    version: { ...version, description: 'The version that was made.' },
    changeId,
    at: { ...instant, description: 'When it was made.' },
    outcome: text(32, 'Whether it was made now, or by an earlier request of the same key.'),
  },
} as const;
