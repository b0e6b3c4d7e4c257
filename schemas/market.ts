import { eventId, id, instant, label, type Stored, text, timeZone, version, type Wire } from './common.ts';
import { point } from './geojson.ts';

export const selectionStatuses = ['none', 'pending', 'refreshing', 'ready', 'failed'] as const;
export type SelectionStatus = (typeof selectionStatuses)[number];

const event = {
  type: 'object',
  additionalProperties: false,
  description: 'The ticketed shows of the market and their presale.',
  properties: {
    ids: {
      type: 'array',
      maxItems: 50,
      uniqueItems: true,
      items: eventId,
      description: 'The shows; none of them may be in another market of the campaign.',
    },
    name: text(300, 'What the show is called.'),
    date: { ...instant, description: "When the show begins; between the campaign's start and end." },
    presaleDateTime: { ...instant, description: "When the presale begins; within the campaign's presale window." },
    ticketer: text(100, 'Who sells the tickets.'),
    categoryIds: {
      type: 'array',
      maxItems: 50,
      uniqueItems: true,
      items: label(64, 'A category.'),
      description: 'The categories of ticketing.',
    },
    venue: {
      type: 'object',
      additionalProperties: false,
      required: ['id'],
      description: 'Where the show is.',
      properties: { id: label(64, "The venue's id in the Discovery API."), name: text(300, "The venue's name.") },
    },
    sharedCode: text(100, 'The access code that all selected fans share.'),
  },
} as const;

/** Every property that a client may write. */
export const marketWritable = {
  name: label(200, 'The name, unique within the campaign.'),
  city: text(200, 'The city.'),
  state: text(100, 'The state or province.'),
  country: text(100, 'The country.'),
  timezone: timeZone,
  point,
  population: { type: 'integer', minimum: 0, maximum: 10_000_000_000, description: 'How many people live there.' },
  event,
  promoterIds: {
    type: 'array',
    maxItems: 50,
    uniqueItems: true,
    items: id,
    description: "The promoters of the market's shows.",
  },
} as const;

/** A market as the API shows it. */
export const market = {
  $id: 'market',
  type: 'object',
  additionalProperties: false,
  description: 'A city or region of a campaign, with its shows and one presale time.',
  required: ['_id', 'campaignId', 'name', 'selection', 'date', 'version'],
  properties: {
    _id: id,
    campaignId: { ...id, description: 'The campaign that the market belongs to.' },
    ...marketWritable,
    notification: {
      type: 'object',
      additionalProperties: false,
      required: ['notified'],
      description: 'The reminder of the presale. Read-only here: see /markets/notifyDate and /markets/notified.',
      properties: {
        date: { ...instant, description: 'When fans are to be reminded.' },
        notified: { type: 'boolean', description: 'Whether they have been.' },
      },
    },
    selection: {
      type: 'object',
      additionalProperties: false,
      required: ['status'],
      description: 'How far the selection of registrants for the presale is. Read-only.',
      properties: {
        status: { type: 'string', enum: selectionStatuses, description: 'Where the selection stands.' },
        requestedAt: { ...instant, description: 'When it was last asked for.' },
        refreshedAt: { ...instant, description: 'When it was last made.' },
        count: { type: 'integer', minimum: 0, description: 'How many registrants were selected.' },
      },
    },
    date: {
      type: 'object',
      additionalProperties: false,
      required: ['created', 'updated'],
      description: 'The dates of the document. Read-only.',
      properties: {
        created: { ...instant, description: 'When the market was made.' },
        updated: { ...instant, description: 'When it last changed.' },
      },
    },
    version,
  },
} as const;

/** A market as it travels. */
export type Market = Wire<typeof market>;

/** A market's content as it is stored: instants are dates. */
export type MarketContent = Stored<typeof market>;
