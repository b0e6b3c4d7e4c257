import { type CampaignStatus } from '../../../schemas/campaign.ts';
import { selectDates } from './body.ts';
import { type CampaignDefinition } from './definition.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
/** How long after it closed a campaign is retired (see `INACTIVE_AFTER_DAYS`). */
const RETIRED_AFTER_MS = 30 * DAY_MS;

/** A status that a campaign reaches, and when. */
export interface Step {
  readonly status: CampaignStatus;
  readonly at: Date;
}

const paths: Readonly<Record<CampaignStatus, readonly CampaignStatus[]>> = {
  DRAFT: [],
  PREVIEW: ['PREVIEW'],
  OPEN: ['PREVIEW', 'OPEN'],
  CLOSED: ['PREVIEW', 'OPEN', 'CLOSED'],
  INACTIVE: ['PREVIEW', 'OPEN', 'CLOSED', 'INACTIVE'],
};

/** Gives when a campaign of the demo was made. */
export function selectCreation({ daysOld }: CampaignDefinition, now: Date): Date {
  return new Date(now.getTime() - daysOld * DAY_MS);
}

/** Gives the steps from DRAFT to the status that a campaign of the demo has; none of them is later than now. */
export function selectSteps(definition: CampaignDefinition, now: Date): Step[] {
  const { open = now, close = now } = selectDates(definition, now);
  const times: Readonly<Record<CampaignStatus, Date>> = {
    DRAFT: now,
    PREVIEW: new Date(selectCreation(definition, now).getTime() + 2 * HOUR_MS),
    OPEN: open,
    CLOSED: close,
    INACTIVE: new Date(close.getTime() + RETIRED_AFTER_MS),
  };
  return paths[definition.status].map(status => ({ status, at: times[status] }));
}
