import { type DataReply } from '../../lib/middlewares/request-state.ts';
import { hostName, localeId } from '../../schemas/common.ts';
import { type Page, paging } from '../../schemas/paging.ts';

/** The header of optimistic concurrency. */
export const ifMatch = {
  type: 'string',
  maxLength: 200,
  description: 'The ETag of the document as it was read; another version is answered with 412.',
} as const;

/** The header that makes a repeat of a POST harmless. */
export const idempotencyKey = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  description: 'Makes a repeat harmless: the same key of the same caller gives the same document again.',
} as const;

export const updateHeaders = {
  type: 'object',
  properties: { 'if-match': ifMatch },
} as const;

export const createHeaders = {
  type: 'object',
  properties: { 'idempotency-key': idempotencyKey },
} as const;

export const passwordHeaders = {
  type: 'object',
  properties: {
    'x-campaign-password': { type: 'string', maxLength: 200, description: 'The password of a protected campaign.' },
  },
} as const;

export const domain = { ...hostName, description: 'The public host name of the campaign.' } as const;

export const locale = {
  ...localeId,
  description: 'The locale of the texts; each falls back along it to the default.',
} as const;

/** The query of a list that is only paged. */
export const pagingQuery = { type: 'object', additionalProperties: false, properties: paging } as const;

/** Gives a page as an answer: rows as data, the pagination in `meta`. */
export function replyPage<T>(
  { rows, page, pageSize, total }: Page<T>,
  meta: Readonly<Record<string, unknown>> = {},
): DataReply {
  return { data: rows, meta: { ...meta, pagination: { page, pageSize, total } } };
}

/** Gives an order of a query as the datastores take it. */
export const toDirection = (order: 'asc' | 'desc'): 1 | -1 => (order === 'asc' ? 1 : -1);
