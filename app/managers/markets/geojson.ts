import { type MarketContent } from '../../../schemas/market.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { formatMarket } from './format.ts';

/** A market as a GeoJSON Feature; without a point its geometry is null. */
export interface MarketFeature {
  readonly type: 'Feature';
  readonly id: string;
  readonly geometry: MarketContent['point'] | null;
  readonly properties: Omit<MarketContent, '_id' | 'point'>;
}

/** Markets as a GeoJSON FeatureCollection (RFC 7946). */
export interface MarketFeatureCollection {
  readonly type: 'FeatureCollection';
  readonly features: readonly MarketFeature[];
}

/** Gives markets as GeoJSON, in their order. */
export function formatFeatureCollection(markets: readonly MarketDocument[]): MarketFeatureCollection {
  return {
    type: 'FeatureCollection',
    features: markets.map(market => {
      const { _id, point, ...properties } = formatMarket(market);
      return { type: 'Feature', id: _id, geometry: point ?? null, properties };
    }),
  };
}
