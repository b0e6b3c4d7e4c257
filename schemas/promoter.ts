import { httpUrl, id, instant, label, localeId, type Stored, version, type Wire } from './common.ts';

const writable = {
  name: label(200, 'The name, unique among promoters.'),
  privacyPolicyUrls: {
    type: 'object',
    propertyNames: localeId,
    maxProperties: 100,
    additionalProperties: httpUrl,
    description: 'Where the privacy policy is, by locale.',
  },
} as const;

/** A promoter as the API shows it. */
export const promoter = {
  $id: 'promoter',
  type: 'object',
  additionalProperties: false,
  description: "An organisation behind a market's shows.",
  required: ['_id', 'name', 'date', 'version'],
  properties: {
    _id: id,
    ...writable,
    date: {
      type: 'object',
      additionalProperties: false,
      required: ['created', 'updated'],
      description: 'The dates of the document. Read-only.',
      properties: {
        created: { ...instant, description: 'When the promoter was made.' },
        updated: { ...instant, description: 'When it last changed.' },
      },
    },
    version,
  },
} as const;

/** A promoter's content as it is stored: instants are dates. */
export type PromoterContent = Stored<typeof promoter>;

/** The body that makes a promoter, and what a merge patch must leave whole. */
export const promoterWrite = {
  $id: 'promoterWrite',
  type: 'object',
  additionalProperties: false,
  description: 'What a client writes of a promoter.',
  required: ['name'],
  properties: writable,
} as const;

export type PromoterWrite = Wire<typeof promoterWrite>;

/** The body that changes a promoter. */
export const promoterPatch = {
  $id: 'promoterPatch',
  type: 'object',
  description: 'A JSON Merge Patch (RFC 7396) of a promoter: null removes, objects merge.',
} as const;
