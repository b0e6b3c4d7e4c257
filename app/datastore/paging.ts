import { type Page } from '../../schemas/paging.ts';
import { type Collection, type Filter, type Sort, type StoredDocument } from './store/collection.ts';

interface PageOptions {
  readonly page: number;
  readonly pageSize: number;
  /** The index that serves the query. */
  readonly hint?: string;
}

/** Reads a page of what a filter matches, with the number of all that it matches. */
export async function findPage<T extends StoredDocument>(
  collection: Collection<T>,
  filter: Filter,
  sort: Sort,
  { page, pageSize, hint }: PageOptions,
): Promise<Page<T>> {
  const [rows, total] = await Promise.all([
    collection.find(filter, { sort, skip: page * pageSize, limit: pageSize, ...(hint !== undefined && { hint }) }),
    collection.countDocuments(filter),
  ]);
  return { rows, page, pageSize, total };
}
