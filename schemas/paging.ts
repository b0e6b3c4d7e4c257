/** The query parameters of paging: zero-based pages. */
export const paging = {
  page: { type: 'integer', minimum: 0, maximum: 1_000_000, default: 0, description: 'The page, from 0.' },
  pageSize: { type: 'integer', minimum: 1, maximum: 100, default: 10, description: 'How many a page has.' },
} as const;

export const sortDirection = {
  type: 'string',
  enum: ['asc', 'desc'],
  default: 'desc',
  description: 'The direction; ties are broken by id in the same direction.',
} as const;

/** A page of a list, with the number of all rows that match. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}
