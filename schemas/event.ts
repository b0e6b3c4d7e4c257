import { eventId, instant, type Stored, version, type Wire } from './common.ts';

export const eventStatuses = ['onsale', 'offsale', 'postponed', 'rescheduled', 'cancelled'] as const;
export type EventStatus = (typeof eventStatuses)[number];

const status = { type: 'string', enum: eventStatuses, description: 'How the show stands.' } as const;
const end = { ...instant, description: 'When the show ends.' } as const;

/** A ticketed show as the API shows it. */
export const event = {
  $id: 'event',
  type: 'object',
  additionalProperties: false,
  description: 'A ticketed show: what the service keeps of it.',
  required: ['_id', 'status', 'date', 'version'],
  properties: {
    _id: eventId,
    status,
    date: {
      type: 'object',
      additionalProperties: false,
      required: ['created', 'updated'],
      description: 'The dates of the show.',
      properties: {
        end,
        created: { ...instant, description: 'When the service first heard of it.' },
        updated: { ...instant, description: 'When it last changed.' },
      },
    },
    version,
  },
} as const;

/** A show's content as it is stored: instants are dates. */
export type EventContent = Stored<typeof event>;

/** What a client writes of a show, whole. */
export const eventWrite = {
  $id: 'eventWrite',
  type: 'object',
  additionalProperties: false,
  description: 'What a client writes of a show.',
  required: ['status'],
  properties: {
    status,
    date: {
      type: 'object',
      additionalProperties: false,
      description: 'The date that a client sets.',
      properties: { end },
    },
  },
} as const;

export type EventWrite = Wire<typeof eventWrite>;

/** The body that makes or changes a show. */
export const eventPatch = {
  $id: 'eventPatch',
  type: 'object',
  description:
    'A JSON Merge Patch (RFC 7396) of a show: status and date.end. A show that is new needs a status; null removes.',
} as const;
