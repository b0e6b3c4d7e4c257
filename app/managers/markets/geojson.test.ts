import { describe, expect, it } from '@jest/globals';
import { createValidator } from '../../../lib/schema/validator.ts';
import { market as marketSchema } from '../../../schemas/market.ts';
import { marketFeatureCollection } from '../../../schemas/market-feature-collection.ts';
import { type MarketDocument } from '../../datastore/market-document.ts';
import { toWire } from '../patching.ts';
import { formatMarket } from './format.ts';
import { formatFeatureCollection } from './geojson.ts';

const at = new Date('2026-03-01T12:00:00.000Z');
const oslo: MarketDocument = {
  _id: 'a'.repeat(24),
  campaignId: 'c'.repeat(24),
  name: 'Oslo',
  point: { type: 'Point', coordinates: [10.75, 59.91] },
  event: { ids: ['E1'], presaleDateTime: at },
  selection: { status: 'pending', requestedAt: at },
  date: { created: at, updated: at },
  version: 2,
  nameKey: 'key',
  eventKeys: ['key'],
  notifyAt: at,
  clonedFrom: 'b'.repeat(24),
  idempotency: { bodyHash: 'hash' },
};
const { point: _point, ...nowhere } = oslo;

describe('how a market is shown', () => {
  it("is what the schema says, without what is the server's own", () => {
    const shown = formatMarket(oslo);
    expect(createValidator(marketSchema).selectFaults(toWire(shown))).toEqual([]);
    for (const field of ['nameKey', 'eventKeys', 'notifyAt', 'clonedFrom', 'idempotency']) {
      expect(shown).not.toHaveProperty(field);
    }
  });

  it('is a GeoJSON feature whose geometry is the point, or null without one', () => {
    const collection = formatFeatureCollection([oslo, nowhere]);
    expect(createValidator(marketFeatureCollection).selectFaults(toWire(collection))).toEqual([]);
    expect(collection.features.map(({ id, geometry }) => ({ id, geometry }))).toEqual([
      { id: oslo._id, geometry: { type: 'Point', coordinates: [10.75, 59.91] } },
      { id: oslo._id, geometry: null },
    ]);
    expect(collection.features[0]?.properties).toMatchObject({ name: 'Oslo', version: 2 });
    expect(collection.features[0]?.properties).not.toHaveProperty('point');
  });
});
