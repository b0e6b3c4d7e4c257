import { canadaAndUsa } from './canada-and-usa.ts';
import { type CampaignDefinition } from './definition.ts';
import { europeAndMexico } from './europe-and-mexico.ts';
import { fanLists } from './fan-lists.ts';

/** The campaigns of the demo: every status, both types, both versions of the schema. */
export const campaigns: readonly CampaignDefinition[] = [...canadaAndUsa, ...europeAndMexico, ...fanLists];
