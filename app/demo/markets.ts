import { type MarketWrite } from '../../schemas/market-write.ts';
import { type CampaignDefinition, type PresaleDay } from './campaigns/definition.ts';
import { type City, selectCities } from './cities.ts';
import { selectDemoId, selectDiscoveryId } from './ids.ts';
import { resolveMoment } from './moments.ts';
import { selectPromoterKey } from './promoters.ts';

/** At which hour presales begin, and shows. */
const PRESALE_HOUR = 10;
const SHOW_HOUR = 20;
/** How many days lie between two shows of a tour. */
const DAYS_BETWEEN_SHOWS = 2;
/** In cities as large as this there are two shows. */
const LARGE_CITY = 2_500_000;

/** A market of the demo: what it is made of, and the key that its ids are made of. */
export interface MarketDefinition {
  readonly key: string;
  readonly body: MarketWrite;
}

/** Makes the markets of a campaign: one for each city, in the order of the tour. */
export function createMarkets(definition: CampaignDefinition, now: Date): MarketDefinition[] {
  const { slug, cities, presaleDays } = definition;
  return selectCities(cities).map((city, at) => {
    const key = `${slug}/${city.name}`;
    const presaleDay = presaleDays[at % presaleDays.length];
    return { key, body: createMarketBody(definition, city, { key, at, presaleDay, now }) };
  });
}

interface Place {
  readonly key: string;
  /** Its place in the tour, from 0. */
  readonly at: number;
  readonly presaleDay: PresaleDay | undefined;
  readonly now: Date;
}

function createMarketBody(campaign: CampaignDefinition, city: City, { key, at, presaleDay, now }: Place): MarketWrite {
  const { artist, tour, categoryId, referenceTimezone, sharedCode } = campaign;
  const resolve = (day: number, hour: number): string =>
    resolveMoment({ day, hour }, now, referenceTimezone, city.timezone).toISOString();
  const selectPresale = (day: PresaleDay): string =>
    day === 'upcoming'
      ? resolveMoment({ upcoming: PRESALE_HOUR }, now, city.timezone).toISOString()
      : resolve(day, PRESALE_HOUR);
  const { start } = campaign.schedule;
  const firstDay = start !== undefined && 'day' in start ? start.day : 0;
  const shows = city.population >= LARGE_CITY ? 2 : 1;
  return {
    name: city.name,
    city: city.name,
    state: city.state,
    country: city.country,
    timezone: city.timezone,
    point: { type: 'Point', coordinates: [...city.coordinates] },
    population: city.population,
    event: {
      ids: selectEventIds(key, shows),
      name: `${artist}: ${tour}`,
      date: resolve(firstDay + 1 + at * DAYS_BETWEEN_SHOWS, SHOW_HOUR),
      ...(presaleDay !== undefined && { presaleDateTime: selectPresale(presaleDay) }),
      ticketer: 'Boxoffice',
      ...(categoryId !== undefined && { categoryIds: [categoryId] }),
      venue: { id: selectDiscoveryId('KovZ', `venue/${city.venue}`), name: city.venue },
      ...(sharedCode !== undefined && { sharedCode }),
    },
    promoterIds: [selectDemoId('promoter', selectPromoterKey(city.country))],
  };
}

/** Gives the ids of a market's shows. */
export function selectEventIds(key: string, shows: number): string[] {
  return Array.from({ length: shows }, (_, at) => selectDiscoveryId('G5v', `event/${key}/${at}`));
}
