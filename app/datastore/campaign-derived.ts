import { rememberByText } from '../../lib/remember.ts';
import { type CampaignContent } from '../../schemas/campaign.ts';

/** The fields of a stored campaign that are made from its content, for the indexes' sake. */
export interface DerivedFields {
  nameKey?: string;
  search: string[];
}

/** How much of a word is searched: some scripts write whole sentences without a space. */
const WORD_LENGTH = 64;
/** How many words of a campaign are searched. */
const WORDS = 100;

/** The words of a text as they are searched: lower case, without accents. */
export const selectWords: (text: string) => readonly string[] = rememberByText(
  text => {
    const words = text
      .normalize('NFKD')
      .replace(/\p{Mark}/gu, '')
      .toLowerCase()
      .match(/[\p{Letter}\p{Number}]+/gu);
    return (words ?? []).map(word => Array.from(word).slice(0, WORD_LENGTH).join(''));
  },
  { max: 10_000 },
);

/**
 * Makes the derived fields. `nameKey` carries the uniqueness of the name and is left out while INACTIVE, so that the
 * name can be used again; `search` holds the words by whose beginnings a campaign is found.
 */
export function deriveFields(campaign: CampaignContent): DerivedFields {
  const { name, artist, tour, domain, identifier } = campaign;
  const words = [name, artist?.name, tour?.name, domain?.site, identifier].flatMap(text => selectWords(text ?? ''));
  return {
    ...(campaign.status !== 'INACTIVE' && { nameKey: name.trim().toLowerCase() }),
    search: [...new Set(words)].slice(0, WORDS),
  };
}
