import { compileDates } from '../../../lib/schema/dates.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import { type MarketContent } from '../../../schemas/market.ts';
import { type MarketWrite, marketWrite } from '../../../schemas/market-write.ts';
import { type PatchRules } from '../patching.ts';

const validator: Validator<MarketWrite> = createValidator(marketWrite);
const dates = compileDates(marketWrite);

type ServerField = '_id' | 'campaignId' | 'notification' | 'selection' | 'date' | 'version';

/** Validates what a client wrote of a market, whole, in its wire form. Throws `ValidationError` with every fault. */
export function throwIfInvalidSchema(market: unknown): asserts market is MarketWrite {
  validator.throwIfInvalid(market);
}

/** Turns the instants of a validated market into dates. */
export function reviveMarket(market: MarketWrite): Omit<MarketContent, ServerField> {
  return dates.revive<unknown>(market) as ReturnType<typeof reviveMarket>;
}

/** What a merge patch may do to a market. */
export const marketPatchRules: PatchRules = {
  readOnly: ['_id', 'campaignId', 'notification', 'selection', 'date', 'version'] satisfies ServerField[],
  selectFaults: writable => validator.selectFaults(writable),
  revive: writable => reviveMarket(writable as unknown as MarketWrite),
};
