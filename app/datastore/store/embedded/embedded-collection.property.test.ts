import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Query } from 'mingo';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DuplicateKeyError,
  type Collection,
  type Filter,
  type IndexSpec,
  type Sort,
  type Store,
} from '../collection.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { sortDocuments } from './query.ts';
import { type Document } from './values.ts';

const INDEXES: readonly IndexSpec[] = [
  { name: 'a', key: { a: 1 } },
  { name: 'b_down_sparse', key: { b: -1 }, sparse: true },
  { name: 'ab', key: { a: 1, b: -1 } },
  { name: 'cd', key: { 'c.d': 1, a: -1 } },
  { name: 'ef_eg', key: { 'e.f': 1, 'e.g': 1 } },
  { name: 'unique', key: { u: 1 }, unique: true, sparse: true },
];

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 3 }) },
  { weight: 3, arbitrary: fc.constantFrom('', 'a', 'ab', 'abc', 'b', '\u0000', '\u0001b', 'é', '漢') },
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(0.5, -0.25, Infinity, -Infinity),
  fc.constantFrom(new Date(-1), new Date(0), new Date(5)),
);
const scalarOrList = fc.oneof({ weight: 4, arbitrary: scalar }, fc.array(scalar, { maxLength: 3 }));
const inner = fc.record({ f: scalar, g: scalar }, { requiredKeys: [] });
const fields = {
  a: scalarOrList,
  b: scalar,
  c: fc.oneof(fc.record({ d: scalar }, { requiredKeys: [] }), scalar),
  e: fc.oneof(fc.array(inner, { maxLength: 3 }), inner),
  u: fc.integer({ min: 0, max: 30 }),
};
const id = fc.integer({ min: 0, max: 25 }).map(n => `k${n}`);
const document = fc.record({ _id: id, ...fields }, { requiredKeys: ['_id'] });

const field = fc.constantFrom('_id', 'a', 'b', 'c.d', 'e.f', 'e.g', 'u');
const operand = fc.oneof(scalar, id);
const comparable = operand.filter(value => value !== null);
const condition = fc.oneof(
  { weight: 3, arbitrary: operand },
  fc.record({ $in: fc.array(operand, { maxLength: 4 }) }),
  fc.record({ $nin: fc.array(operand, { maxLength: 2 }) }),
  fc.record({ $gt: comparable }),
  fc.record({ $gte: comparable, $lte: comparable }),
  fc.record({ $gte: comparable, $lt: comparable }),
  fc.record({ $ne: operand }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $regex: fc.constantFrom('^a', '^ab', 'b$', '^k1', '^(a|b)', '^a|b') }),
  fc.record({ $not: fc.record({ $gt: comparable }) }),
);
const clause = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(field, condition).map(([name, value]): Filter => ({ [name]: value })) },
  fc.record({ e: fc.record({ $elemMatch: fc.record({ f: condition, g: condition }, { requiredKeys: ['f'] }) }) }),
  fc.record({ a: fc.record({ $elemMatch: fc.record({ $gte: comparable, $lte: comparable }) }) }),
);
const simple = fc
  .array(clause, { minLength: 1, maxLength: 3 })
  .map((clauses): Filter => Object.assign({}, ...clauses) as Filter);
const filter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 4, arbitrary: simple },
  fc.constant({}),
  fc.array(simple, { minLength: 1, maxLength: 3 }).map(branches => ({ $or: branches })),
  fc.tuple(simple, fc.array(simple, { minLength: 2, maxLength: 2 })).map(([one, or]) => ({ ...one, $or: or })),
  fc.array(simple, { minLength: 2, maxLength: 2 }).map(branches => ({ $and: branches })),
);
const sort: fc.Arbitrary<Sort> = fc
  .array(fc.tuple(field, fc.constantFrom(1 as const, -1 as const)), { maxLength: 2 })
  .chain(parts => fc.constantFrom(1 as const, -1 as const).map(last => Object.fromEntries([...parts, ['_id', last]])));

type Step =
  | { readonly kind: 'insert'; readonly document: Document }
  | { readonly kind: 'update'; readonly id: string; readonly update: Record<string, Record<string, unknown>> }
  | { readonly kind: 'delete'; readonly filter: Filter }
  | {
      readonly kind: 'query';
      readonly filter: Filter;
      readonly sort: Sort;
      readonly skip: number;
      readonly limit: number;
    };

const change = fc.oneof(
  fc.record({ $set: fc.record(fields, { requiredKeys: [] }).filter(set => Object.keys(set).length > 0) }),
  fc.record({ $unset: fc.constantFrom({ a: '' }, { b: '' }, { c: '' }, { u: '' }, { a: '', e: '' }) }),
  fc.record({ $set: fc.record({ b: scalar }), $unset: fc.constant({ a: '' }) }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('insert' as const), document: document }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('update' as const), id, update: change }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), filter: fc.record({ _id: id }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('query' as const),
      filter,
      sort,
      skip: fc.integer({ min: 0, max: 3 }),
      limit: fc.integer({ min: 0, max: 6 }),
    }),
  },
);

/** The collection as a list: no index, mingo for the filters, the order as MongoDB has it. */
class Model {
  documents: Document[] = [];

  isTaken({ _id, u }: Document): boolean {
    return u !== undefined && this.documents.some(other => other._id !== _id && other['u'] === u);
  }

  refuses(candidate: Document): boolean {
    return this.isTaken(candidate) || this.documents.some(({ _id }) => _id === candidate._id);
  }

  find(wanted: Filter, order: Sort): Document[] {
    const query = new Query({ ...wanted });
    return sortDocuments(
      this.documents.filter(candidate => query.test(candidate)),
      order,
    );
  }
}

describe('the embedded collection, against a list', () => {
  let directory: string;
  let store: Store;
  let made = 0;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'embedded-model-'));
    store = await openEmbeddedStore({ directory });
  });
  afterAll(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function carryOut(things: Collection<Document>, model: Model, next: Step): Promise<void> {
    switch (next.kind) {
      case 'insert': {
        if (model.refuses(next.document))
          await expect(things.insertOne(next.document)).rejects.toBeInstanceOf(DuplicateKeyError);
        else {
          await things.insertOne(next.document);
          model.documents.push(next.document);
        }
        return;
      }
      case 'update': {
        const at = model.documents.findIndex(({ _id }) => _id === next.id);
        const { $set = {}, $unset = {} } = next.update;
        const after: Record<string, unknown> & Document = { ...(model.documents[at] ?? { _id: next.id }), ...$set };
        for (const gone of Object.keys($unset)) delete after[gone];
        if (at !== -1 && model.isTaken(after)) {
          await expect(things.updateOne({ _id: next.id }, next.update)).rejects.toBeInstanceOf(DuplicateKeyError);
          return;
        }
        const { matchedCount } = await things.updateOne({ _id: next.id }, next.update);
        expect(matchedCount).toBe(at === -1 ? 0 : 1);
        if (at !== -1) model.documents[at] = after;
        return;
      }
      case 'delete': {
        const expected = model.find(next.filter, { _id: 1 });
        expect(await things.deleteMany(next.filter)).toBe(expected.length);
        model.documents = model.documents.filter(candidate => !expected.includes(candidate));
        return;
      }
      case 'query': {
        const all = model.find(next.filter, next.sort);
        const { skip, limit } = next;
        const page = all.slice(skip, limit === 0 ? undefined : skip + limit);
        expect(await things.find(next.filter, { sort: next.sort, skip, limit })).toEqual(page);
        expect(await things.find(next.filter, { sort: next.sort, skip, limit, hint: '_id' })).toEqual(page);
        expect(await things.countDocuments(next.filter)).toBe(all.length);
        const unordered = await things.find(next.filter);
        expect(sortDocuments(unordered, { _id: 1 })).toEqual(sortDocuments(all, { _id: 1 }));
      }
    }
  }

  it('finds the same documents in the same order, whatever was written before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { maxLength: 25 }),
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (first, steps) => {
          const things = store.collection<Document>({ name: `things${(made += 1)}`, ids: [], indexes: INDEXES });
          const model = new Model();
          for (const candidate of first as Document[]) if (!model.refuses(candidate)) model.documents.push(candidate);
          await things.bulkWrite(model.documents.map(inserted => ({ insertOne: { document: inserted } })));
          await things.createIndexes();
          for (const next of steps) await carryOut(things, model, next);
        },
      ),
      { numRuns: 80 },
    );
  });
});
