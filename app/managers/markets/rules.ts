import { type ErrorDetail, ValidationError } from '../../../lib/errors.ts';
import { type CampaignContent } from '../../../schemas/campaign.ts';
import { type MarketContent } from '../../../schemas/market.ts';
import { InvalidCampaignError } from '../../errors.ts';

/** What the rules of markets read of a campaign. */
export type MarketCampaign = Pick<CampaignContent, 'status' | 'date'>;

/** Throws `ValidationError` unless a market's point is on the globe: longitude first. */
export function throwIfInvalidPoint({ point }: Pick<MarketContent, 'point'>): void {
  const faults: ErrorDetail[] = [];
  [180, 90].forEach((limit, at) => {
    const degrees = point?.coordinates[at];
    if (degrees !== undefined && Math.abs(degrees) > limit) {
      faults.push({ path: `/point/coordinates/${at}`, message: `must be from -${limit} to ${limit}` });
    }
  });
  if (faults.length > 0) throw new ValidationError(faults);
}

/** Gives what is wrong with a market's dates: the show and the presale must lie within those of the campaign. */
export function selectDateFaults({ event }: Pick<MarketContent, 'event'>, { date }: MarketCampaign): ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  const check = (path: string, at: Date | undefined, limits: Limits): void => {
    if (at === undefined) return;
    for (const [name, limit] of limits.notBefore) {
      if (limit && at < limit) faults.push({ path, message: `must not be before the campaign's ${name}` });
    }
    for (const [name, limit] of limits.notAfter) {
      if (limit && at > limit) faults.push({ path, message: `must not be after the campaign's ${name}` });
    }
  };
  check('/event/presaleDateTime', event?.presaleDateTime, {
    notBefore: [
      ['date.open', date.open],
      ['date.presaleWindowStart', date.presaleWindowStart],
    ],
    notAfter: [['date.presaleWindowEnd', date.presaleWindowEnd]],
  });
  check('/event/date', event?.date, { notBefore: [['date.start', date.start]], notAfter: [['date.end', date.end]] });
  return faults;
}

interface Limits {
  readonly notBefore: readonly (readonly [name: string, limit: Date | undefined])[];
  readonly notAfter: readonly (readonly [name: string, limit: Date | undefined])[];
}

/** Throws `InvalidCampaignError` unless a market's dates lie within those of its campaign. */
export function throwIfOutsideCampaign(market: Pick<MarketContent, 'event'>, campaign: MarketCampaign): void {
  const details = selectDateFaults(market, campaign);
  if (details.length > 0) {
    throw new InvalidCampaignError('The dates of the market are outside of those of its campaign.', { details });
  }
}

/** Throws `InvalidCampaignError` when a campaign is INACTIVE: markets neither come to it nor leave it. */
export function throwIfInactive({ status }: Pick<CampaignContent, 'status'>): void {
  if (status === 'INACTIVE') throw new InvalidCampaignError('The campaign is INACTIVE: its markets stay as they are.');
}
