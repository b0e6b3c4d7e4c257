import { type Page } from '../../schemas/paging.ts';
import { type Collection, type Filter, type FindOptions, type Sort, type StoredDocument } from './store/collection.ts';

/** Which page is wanted. */
export interface PageOptions {
  /** Zero-based. */
  readonly page: number;
  readonly pageSize: number;
}

interface FindPageOptions extends PageOptions {
  /** The index that serves the query. */
  readonly hint?: string;
  /** The fields that are wanted; all when left out. */
  readonly projection?: NonNullable<FindOptions['projection']>;
}

/** Reads a page of what a filter matches, with the number of all that it matches. */
export async function findPage<T extends StoredDocument>(
  collection: Collection<T>,
  filter: Filter,
  sort: Sort,
  { page, pageSize, hint, projection }: FindPageOptions,
): Promise<Page<T>> {
  const [rows, total] = await Promise.all([
    collection.find(filter, {
      sort,
      skip: page * pageSize,
      limit: pageSize,
      ...(hint !== undefined && { hint }),
      ...(projection && { projection }),
    }),
    collection.countDocuments(filter),
  ]);
  return { rows, page, pageSize, total };
}
