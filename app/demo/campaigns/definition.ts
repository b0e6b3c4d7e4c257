import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { type CampaignWrite } from '../../../schemas/campaign-draft.ts';
import { type ContactKey } from '../contacts.ts';
import { type Moment } from '../moments.ts';
import { type DemoLocale } from '../texts/content.ts';

/** When presales in the cities of a tour begin, at 10:00 on the clocks of the city: on a day, or upcoming. */
export type PresaleDay = number | 'upcoming';

/** A campaign of the demo, as it is written down. What it is made of otherwise follows from this. */
export interface CampaignDefinition {
  /** Its identifier, the stem of its domain, and what its ids are made of. */
  readonly slug: string;
  /** The status that it is brought to, step by step. */
  readonly status: CampaignStatus;
  /** How many days ago it was made. */
  readonly daysOld: number;
  readonly schemaVersion: 1 | 2;
  readonly type: CampaignWrite['type'];
  readonly name: string;
  readonly artist: string;
  readonly tour?: string;
  readonly referenceTimezone: string;
  /** The first is the default. Without any the campaign has no content: it is a draft that is not finished. */
  readonly locales: readonly DemoLocale[];
  readonly schedule: { readonly [name in keyof NonNullable<CampaignWrite['date']>]?: Moment };
  readonly cities: readonly string[];
  /** Taken in turn by the cities. */
  readonly presaleDays: readonly PresaleDay[];
  readonly categoryId?: string;
  readonly contacts: readonly ContactKey[];
  /** The access code that the markets share. */
  readonly sharedCode?: string;
  readonly password?: string;
  readonly linkedTo?: string;
  readonly options?: CampaignWrite['options'];
  readonly style?: CampaignWrite['style'];
  readonly preferences?: CampaignWrite['preferences'];
}
