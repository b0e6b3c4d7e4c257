import { id, instant, label, type Stored, text, version, type Wire } from './common.ts';

const writable = {
  name: label(200, 'The name.'),
  role: text(200, 'What the person does.'),
  company: text(200, 'Whom the person works for.'),
  email: { type: 'string', format: 'email', maxLength: 254, description: 'The e-mail address; encrypted at rest.' },
  phone: {
    type: 'string',
    pattern: '^\\+?[0-9][0-9 ().-]{3,38}$',
    description: 'The telephone number; encrypted at rest.',
  },
} as const;

/** A contact as the API shows it. */
export const contact = {
  $id: 'contact',
  type: 'object',
  additionalProperties: false,
  description: "A person whom a campaign's team can be reached through.",
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
        created: { ...instant, description: 'When the contact was made.' },
        updated: { ...instant, description: 'When it last changed.' },
      },
    },
    version,
  },
} as const;

/** A contact's content as it is stored: instants are dates, `email` and `phone` are encrypted. */
export type ContactContent = Stored<typeof contact>;

/** The body that makes a contact, and what a merge patch must leave whole. */
export const contactWrite = {
  $id: 'contactWrite',
  type: 'object',
  additionalProperties: false,
  description: 'What a client writes of a contact.',
  required: ['name'],
  properties: writable,
} as const;

export type ContactWrite = Wire<typeof contactWrite>;

/** The body that changes a contact. */
export const contactPatch = {
  $id: 'contactPatch',
  type: 'object',
  description: 'A JSON Merge Patch (RFC 7396) of a contact: null removes.',
} as const;
