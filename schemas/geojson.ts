/** A position on the globe. A list and not a tuple: the ranges of its two numbers are a rule (see app/managers/markets/rules.ts). */
const position = {
  type: 'array',
  minItems: 2,
  maxItems: 2,
  items: { type: 'number', description: 'Degrees.' },
  description: 'Longitude (-180 to 180), then latitude (-90 to 90), in degrees.',
} as const;

/** A GeoJSON Point (RFC 7946). */
export const point = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'coordinates'],
  description: 'A place, as a GeoJSON Point.',
  properties: {
    type: { type: 'string', enum: ['Point'], description: 'The kind of geometry.' },
    coordinates: position,
  },
} as const;
