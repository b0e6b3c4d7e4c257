import { afterAll, beforeAll } from '@jest/globals';
import { type StoreTarget, type OpenStore } from '../support/stores.ts';
import { bulkContract } from './collection/bulk.contract.ts';
import { filterContract } from './collection/filter.contract.ts';
import { findContract } from './collection/find.contract.ts';
import { type Fixture, type Thing } from './collection/fixture.ts';
import { idContract } from './collection/id.contract.ts';
import { indexContract } from './collection/index.contract.ts';
import { insertContract } from './collection/insert.contract.ts';
import { storeContract } from './collection/store.contract.ts';
import { updateContract } from './collection/update.contract.ts';

/** Registers the cases that every implementation of `Store` and `Collection` must pass, over one target. */
export function collectionContract(target: StoreTarget): void {
  let opened: OpenStore;
  let made = 0;

  beforeAll(async () => {
    opened = await target.open();
  });
  afterAll(() => opened.close());

  const fixture: Fixture = {
    store: () => opened.store,
    capabilities: () => opened.capabilities,
    bareCollection: (spec = {}) =>
      opened.store.collection<Thing>({ name: `things${(made += 1)}`, ids: [], indexes: [], ...spec }),
    collection: async (spec, documents = []) => {
      const things = fixture.bareCollection(spec);
      await things.createIndexes();
      for (const document of documents) await things.insertOne(document);
      return things;
    },
  };

  storeContract(target, fixture);
  insertContract(fixture);
  findContract(fixture);
  filterContract(fixture);
  updateContract(fixture);
  indexContract(fixture);
  bulkContract(fixture);
  idContract(fixture);
}
