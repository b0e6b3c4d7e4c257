import { type FromSchema, type JSONSchema } from 'json-schema-to-ts';

/** How a schema's instants look once stored: BSON dates in place of ISO 8601 strings. */
interface InstantsAsDates {
  deserialize: [{ pattern: { type: 'string'; format: 'date-time' }; output: Date }];
}

/** The TypeScript type of a schema's values as they travel: instants are ISO 8601 strings. */
export type Wire<S extends JSONSchema> = FromSchema<S>;

/** The TypeScript type of a schema's values as they are stored: instants are dates. */
export type Stored<S extends JSONSchema> = FromSchema<S, InstantsAsDates>;

export const id = {
  type: 'string',
  pattern: '^[0-9a-f]{24}$',
  description: 'An id: 24 lower-case hexadecimal digits.',
} as const;

export const instant = {
  type: 'string',
  format: 'date-time',
  description: 'An instant, ISO 8601 with a time zone; answered in UTC.',
} as const;

export const version = {
  type: 'integer',
  minimum: 1,
  description: 'Counts the changes of what the API shows; the first is 1.',
} as const;

export const localeId = {
  type: 'string',
  pattern: '^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$',
  maxLength: 35,
  description: 'A BCP 47 language tag, for example fr-CA.',
} as const;

export const eventId = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: "A ticketed show's id in the Discovery API.",
} as const;

export const timeZone = {
  type: 'string',
  format: 'time-zone',
  description: 'An IANA time zone, for example America/Toronto.',
} as const;

export const hostName = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: '^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$',
  description: 'A host name or a single label; stored in lower case.',
} as const;

export const httpUrl = {
  type: 'string',
  maxLength: 2048,
  pattern: '^https?://[^\\s<>"]+$',
  description: 'An absolute http or https URL.',
} as const;

export const color = {
  type: 'string',
  pattern: '^#[0-9A-Fa-f]{6}$',
  description: 'A colour as #rrggbb.',
} as const;

/** A short text without markup. */
export const text = (maxLength: number, description: string) => ({ type: 'string', maxLength, description }) as const;

/** A required short text without markup. */
export const label = (maxLength: number, description: string) =>
  ({ type: 'string', minLength: 1, maxLength, pattern: '\\S', description }) as const;

/** How long a text with markup may be, as it comes and as it is stored. */
export const MAX_RICH_TEXT_LENGTH = 100_000;

/** A text with markup, sanitised by an allow-list when it is written (see app/managers/campaigns/rich-text.ts). */
export const richText = (description: string) =>
  ({
    type: 'string',
    maxLength: MAX_RICH_TEXT_LENGTH,
    description: `${description} HTML, reduced to a safe subset when written.`,
  }) as const;

/** A text for each locale. */
export const localisedText = (maxLength: number, description: string) =>
  ({
    type: 'object',
    propertyNames: localeId,
    additionalProperties: { type: 'string', maxLength },
    description,
  }) as const;
