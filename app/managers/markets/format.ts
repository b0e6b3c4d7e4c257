import { type MarketContent, market as marketSchema } from '../../../schemas/market.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { selectShown } from '../presentation.ts';

/** Gives every field of a market that is shown, in the schema's order; instants are dates. */
export function formatMarket(market: MarketDocument): MarketContent {
  return selectShown(market, marketSchema.properties) as MarketContent;
}
