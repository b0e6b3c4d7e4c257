import { describe, expect, it } from '@jest/globals';
import { DuplicateKeyError, InvalidOperationError } from '../../../app/datastore/store/collection.ts';
import { idsOf, type Fixture } from './fixture.ts';

/** Many writes in one call, each for itself. */
export function bulkContract({ collection, capabilities }: Fixture): void {
  describe('bulkWrite', () => {
    it('carries out inserts, updates, upserts and deletions, and counts them', async () => {
      const things = await collection({}, [
        { _id: 'a', n: 1 },
        { _id: 'b', n: 1 },
        { _id: 'c', n: 1 },
      ]);
      const result = await things.bulkWrite([
        { insertOne: { document: { _id: 'd', n: 4 } } },
        { updateOne: { filter: { _id: 'a' }, update: { $set: { n: 2 } } } },
        { updateOne: { filter: { _id: 'b' }, update: { $set: { n: 1 } } } },
        { updateOne: { filter: { _id: 'missing' }, update: { $set: { n: 2 } } } },
        { updateOne: { filter: { _id: 'e' }, update: { $set: { n: 5 } }, upsert: true } },
        { deleteOne: { filter: { _id: 'c' } } },
        { deleteOne: { filter: { _id: 'missing' } } },
      ]);
      expect(result).toEqual({ insertedCount: 1, matchedCount: 2, modifiedCount: 1, deletedCount: 1, failures: [] });
      expect(await things.find({}, { sort: { _id: 1 } })).toEqual([
        { _id: 'a', n: 2 },
        { _id: 'b', n: 1 },
        { _id: 'd', n: 4 },
        { _id: 'e', n: 5 },
      ]);
    });

    it('lets no failure stop the others, and names each by its place and its error', async () => {
      const indexes = [{ name: 'slug_unique', key: { slug: 1 }, unique: true, sparse: true }] as const;
      const things = await collection({ indexes }, [
        { _id: 'a', slug: 's', text: 'x' },
        { _id: 'b', n: 1 },
      ]);
      const result = await things.bulkWrite([
        { insertOne: { document: { _id: 'a' } } },
        { insertOne: { document: { _id: 'c' } } },
        { insertOne: { document: { _id: 'd', slug: 's' } } },
        { updateOne: { filter: { _id: 'b' }, update: { $set: { slug: 's' } } } },
        { updateOne: { filter: { _id: 'a' }, update: { $inc: { text: 1 } } } },
        { updateOne: { filter: { _id: 'b' }, update: { $inc: { n: 1 } } } },
        { insertOne: { document: { _id: 'e' } } },
      ]);
      expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 1, deletedCount: 0 });
      expect(result.insertedCount).toBe(capabilities().countsOnlyWhatWasInserted ? 2 : 4);
      const failures = [...result.failures].sort((one, two) => one.index - two.index);
      expect(failures.map(({ index }) => index)).toEqual([0, 2, 3, 4]);
      expect(failures[0]?.error).toBeInstanceOf(DuplicateKeyError);
      expect(failures[0]?.error).toMatchObject({ index: '_id', collection: things.name });
      expect(failures[1]?.error).toMatchObject({ name: 'DuplicateKeyError', index: 'slug_unique' });
      expect(failures[2]?.error).toMatchObject({ name: 'DuplicateKeyError', index: 'slug_unique' });
      expect(failures[3]?.error).toBeInstanceOf(InvalidOperationError);
      expect(idsOf(await things.find({}, { sort: { _id: 1 } }))).toEqual(['a', 'b', 'c', 'e']);
      expect(await things.findOne({ _id: 'b' })).toEqual({ _id: 'b', n: 2 });
    });

    it('has nothing to do for an empty list', async () => {
      const things = await collection();
      expect(await things.bulkWrite([])).toEqual({
        insertedCount: 0,
        matchedCount: 0,
        modifiedCount: 0,
        deletedCount: 0,
        failures: [],
      });
    });

    it('leaves the documents it was given alone', async () => {
      const id = 'b'.repeat(24);
      const things = await collection({ ids: ['_id'] });
      const document = Object.freeze({ _id: id, gone: undefined });
      await things.bulkWrite([
        { insertOne: { document } },
        { updateOne: { filter: { _id: id }, update: { $set: { n: 1 } } } },
      ]);
      expect(document._id).toBe(id);
      expect(await things.find({})).toStrictEqual([{ _id: id, n: 1 }]);
    });
  });
}
