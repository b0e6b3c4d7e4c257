import { market } from './market.ts';
import { marketFeatureCollection } from './market-feature-collection.ts';

/** The markets of a campaign: a page of them, or all as GeoJSON. */
export const marketList = {
  $id: 'marketList',
  description: 'A page of markets, or all of them as a GeoJSON FeatureCollection.',
  anyOf: [{ type: 'array', items: market, description: 'A page of markets.' }, marketFeatureCollection],
} as const;
