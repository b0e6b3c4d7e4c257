import { type CampaignDocument } from '../../app/datastore/campaign-document.ts';
import { deriveFields } from '../../app/datastore/campaign-derived.ts';
import { type CampaignContent } from '../../schemas/campaign.ts';
import { campaignDocument } from '../document.ts';

/** The campaigns of the service when a benchmark begins. */
export interface Population {
  /** Campaigns have the numbers 1 to this. */
  readonly campaigns: number;
  /** How many of them a refresh is to open; no more than the half that is not open yet. */
  readonly due: number;
  /** How many changes wait to be delivered, shared out evenly among the campaigns; none when left out. */
  readonly backlog?: number;
}

/** Each artist has this many campaigns: one page of a list. */
export const campaignsPerArtist = 20;

/** How many artists there are; theirs are the numbers 1 to this. */
export const countArtists = ({ campaigns }: Population): number => campaigns / campaignsPerArtist;

/** How many of the changes that wait are those of the campaign with this number. */
export const countBacklogOf = (number: number, { campaigns, backlog = 0 }: Population): number =>
  Math.ceil((backlog - number + 1) / campaigns);

const MINUTE_MS = 60_000;
const FIRST_CREATED = Date.parse('2026-01-05T09:12:44.120Z');
const OPENING = { far: new Date('2098-01-15T10:00:00.000Z'), past: new Date('2026-01-15T10:00:00.000Z') };

/**
 * The campaign with this number as the service stores it: what the peers hold, and what the service adds. Even numbers
 * are OPEN; odd ones are still to open, of which the first are due.
 */
export function storedCampaign(number: number, population: Population): CampaignDocument {
  const { date, statusHistory, artist, ...shown } = campaignDocument(number);
  const isOpen = number % 2 === 0;
  const isDue = number < 2 * population.due;
  const { opened, ...dates } = Object.fromEntries(
    Object.entries(date).map(([name, instant]) => [name, new Date(instant)]),
  ) as { [K in keyof typeof date]: Date };
  const content: CampaignContent = {
    ...shown,
    type: 'registration',
    schema: { version: 2 },
    artist: { ...artist, id: `artist-${((number - 1) % countArtists(population)) + 1}` },
    status: isOpen ? 'OPEN' : 'PREVIEW',
    statusHistory: statusHistory
      .slice(0, isOpen ? 3 : 2)
      .map(entry => ({ ...entry, status: entry.status as CampaignContent['status'], date: new Date(entry.date) })),
    date: {
      ...dates,
      created: new Date(FIRST_CREATED + number * MINUTE_MS),
      ...(isOpen ? { opened } : { open: isDue ? OPENING.past : OPENING.far }),
    },
  };
  const version = content.version + countBacklogOf(number, population);
  return { ...content, version, ...deriveFields(content) };
}
