import { id } from './common.ts';
import { point } from './geojson.ts';
import { market } from './market.ts';

const { _id, point: _point, ...properties } = market.properties;

/** The markets of a campaign as GeoJSON (RFC 7946), for maps. */
export const marketFeatureCollection = {
  $id: 'marketFeatureCollection',
  type: 'object',
  additionalProperties: false,
  description: 'The markets of a campaign as a GeoJSON FeatureCollection.',
  required: ['type', 'features'],
  properties: {
    type: { type: 'string', enum: ['FeatureCollection'], description: 'The kind of object.' },
    features: {
      type: 'array',
      description: 'A feature for each market, by name.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['type', 'id', 'geometry', 'properties'],
        description: 'A market.',
        properties: {
          type: { type: 'string', enum: ['Feature'], description: 'The kind of object.' },
          id: { ...id, description: 'The id of the market.' },
          geometry: {
            anyOf: [point, { type: 'null', description: 'The market has no place.' }],
            description: 'Where the market is.',
          },
          properties: {
            type: 'object',
            additionalProperties: false,
            required: ['campaignId', 'name', 'selection', 'date', 'version'],
            description: 'The market, without its id and its point.',
            properties,
          },
        },
      },
    },
  },
} as const;
