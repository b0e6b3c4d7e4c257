import { describe, expect, it } from '@jest/globals';
import { ServiceUnavailableError } from '../../../lib/errors.ts';
import { InvalidOperationError } from '../../../app/datastore/store/collection.ts';
import { type StoreTarget } from '../../support/stores.ts';
import { type Fixture, type Thing } from './fixture.ts';

/** The store around the collections: where it lies, whether it answers, how a query is served, and its end. */
export function storeContract(target: StoreTarget, { store, capabilities, collection }: Fixture): void {
  describe('the store', () => {
    it('says what it is and where it lies', () => {
      expect(store().kind).toBe(target.kind);
      expect(store().location).not.toBe('');
    });

    it('answers a ping', async () => {
      await expect(store().ping()).resolves.toBeUndefined();
    });

    it('keeps collections apart', async () => {
      const one = await collection({}, [{ _id: 'a', n: 1 }]);
      const two = await collection({}, [{ _id: 'a', n: 2 }]);
      await one.deleteMany({});
      expect(await two.find({})).toEqual([{ _id: 'a', n: 2 }]);
    });

    it('shows one collection to all who ask for it', async () => {
      const one = await collection({}, [{ _id: 'a' }]);
      expect(one.name).not.toBe('');
      expect(await store().collection<Thing>({ name: one.name, ids: [], indexes: [] }).find({})).toEqual([
        { _id: 'a' },
      ]);
    });

    it('refuses to work once it is closed, and may be closed twice', async () => {
      const { store: own, close } = await target.open();
      const things = own.collection<Thing>({ name: 'things', ids: [], indexes: [] });
      await things.insertOne({ _id: 'a' });
      await own.close();
      await expect(things.findOne({ _id: 'a' })).rejects.toBeInstanceOf(ServiceUnavailableError);
      await expect(things.insertOne({ _id: 'b' })).rejects.toBeInstanceOf(ServiceUnavailableError);
      await expect(own.ping()).rejects.toBeInstanceOf(ServiceUnavailableError);
      await own.close();
      await close();
    });
  });

  describe('explain', () => {
    const indexes = [
      { name: 'status_created', key: { status: 1, created: -1 } },
      { name: 'tags', key: { tags: 1 } },
    ] as const;
    const documents = Array.from({ length: 60 }, (_, n) => ({
      _id: `k${n}`,
      status: n % 3,
      created: n,
      tags: [`t${n % 10}`],
      other: n,
    }));

    it('names the index that serves a query, what it looks at, and who sorts', async () => {
      const things = await collection({ indexes }, documents);
      if (!capabilities().explains) {
        await expect(things.explain({ status: 1 })).rejects.toBeInstanceOf(InvalidOperationError);
        return;
      }
      const served = await things.explain({ status: 1 }, { sort: { created: -1 } });
      expect(served).toEqual({ index: 'status_created', examined: 20, sortedByIndex: true });
      expect(await things.explain({ tags: 't4' })).toMatchObject({ index: 'tags', examined: 6 });
      expect(await things.explain({ _id: 'k7' })).toMatchObject({ index: '_id', examined: 1 });
      expect(await things.explain({ other: 7 }, { sort: { other: 1 } })).toEqual({
        index: null,
        examined: 60,
        sortedByIndex: false,
      });
      expect(await things.explain({ status: 1 }, { sort: { other: 1 } })).toMatchObject({
        index: 'status_created',
        sortedByIndex: false,
      });
      expect(await things.explain({}, { sort: { status: 1, created: -1 }, hint: 'status_created' })).toMatchObject({
        index: 'status_created',
        sortedByIndex: true,
      });
    });
  });
}
