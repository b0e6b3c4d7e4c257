import { id, instant, text, version } from './common.ts';

/** The sections of a live state that need `config:update`, besides `variants`. */
export const configSections = ['ui_content', 'scripts', 'communication'] as const;
export type ConfigSection = (typeof configSections)[number];

/** The sections of a live state that the service alone writes. */
export const serverSections = ['campaign', 'markets'] as const;
export type ServerSection = (typeof serverSections)[number];

const feature = { type: 'string', minLength: 1, maxLength: 128, description: 'The name of a feature.' } as const;

const features = {
  type: 'array',
  maxItems: 500,
  items: feature,
  description: 'Names of features.',
} as const;

const section = {
  type: 'object',
  maxProperties: 5000,
  additionalProperties: true,
  description: 'A part of the state whose members its readers agree upon.',
} as const;

/** A variant of the state: some subscribers see the overlay merged onto it. */
const variant = {
  type: 'object',
  additionalProperties: false,
  required: ['weight'],
  description: 'What some of the subscribers see.',
  properties: {
    weight: {
      type: 'number',
      minimum: 0,
      maximum: 1_000_000,
      description: 'The share of subscribers, in proportion to the sum of all weights.',
    },
    overlay: { ...section, description: 'A merge patch onto the state.' },
  },
} as const;

/** The members of a live state that have a form of their own; all others are the team's. */
export const stateSections = {
  $id: 'stateSections',
  type: 'object',
  additionalProperties: false,
  description: 'The members of a live state that have a form of their own.',
  properties: {
    features: { ...features, uniqueItems: true, description: 'The features that are switched on, in their order.' },
    ui_content: { ...section, description: 'What pages show.' },
    scripts: { ...section, description: 'Dialogues.' },
    communication: { ...section, description: 'How fans are written to.' },
    variants: {
      type: 'object',
      maxProperties: 32,
      description: 'The variants by their names.',
      propertyNames: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'The name of a variant.' },
      additionalProperties: variant,
    },
  },
} as const;

const patch = { type: 'object', description: 'A JSON merge patch (RFC 7396).' } as const;

const update = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'updates'],
  description: 'A merge patch onto the state.',
  properties: {
    kind: { const: 'update', description: 'What is done.' },
    updates: patch,
  },
} as const;

const featureChange = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'action', 'features'],
  description: 'A change of the features.',
  properties: {
    kind: { const: 'feature', description: 'What is done.' },
    action: { type: 'string', enum: ['add', 'remove', 'set'], description: 'What is done with the features named.' },
    features,
  },
} as const;

const config = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'configType', 'config'],
  description: 'A merge patch onto one section of configuration.',
  properties: {
    kind: { const: 'config', description: 'What is done.' },
    configType: { type: 'string', enum: configSections, description: 'The section.' },
    config: patch,
  },
} as const;

/** A change of a live state, as a user's data shows it. */
export const stateChange = {
  $id: 'stateChange',
  type: 'object',
  additionalProperties: false,
  description: "One version of a campaign's live state.",
  required: ['campaignId', 'version', 'changeId', 'eventId', 'cause', 'at', 'patch'],
  properties: {
    campaignId: id,
    version: { ...version, description: 'The version that the change made.' },
    changeId: text(64, 'The id of the commit that the version is part of.'),
    eventId: text(128, 'The event that asked for the change.'),
    cause: text(64, 'What was done.'),
    at: instant,
    patch,
  },
} as const;

/** The operations that a batch may hold, by their kind. */
export const stateOperationSteps = { update, feature: featureChange, config } as const;

/** Several operations that make one version. */
export const stateBatch = {
  $id: 'stateBatch',
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'operations'],
  description: 'Several operations that make one version.',
  properties: {
    kind: { const: 'batch', description: 'What is done.' },
    operations: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      description: 'The operations, in their order.',
      items: { type: 'object', description: 'An update, a change of features, or a configuration.' },
    },
  },
} as const;

/** A return to an older version. */
export const stateRollback = {
  $id: 'stateRollback',
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'toVersion'],
  description: 'A new version with the content of an old one.',
  properties: {
    kind: { const: 'rollback', description: 'What is done.' },
    toVersion: { type: 'integer', minimum: 1, description: 'The old version.' },
  },
} as const;
