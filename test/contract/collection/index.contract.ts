import { describe, expect, it } from '@jest/globals';
import { DuplicateKeyError, type IndexSpec } from '../../../app/datastore/store/collection.ts';
import { idsOf, type Fixture } from './fixture.ts';

const unique = (...fields: string[]): IndexSpec => ({
  name: `${fields.join('_')}_unique`,
  key: Object.fromEntries(fields.map(field => [field, 1 as const])),
  unique: true,
});

const sparseUnique = (...fields: string[]): IndexSpec => ({ ...unique(...fields), sparse: true });

/** Unique indexes hold under every kind of write; indexes are created once and named when they are missing. */
export function indexContract({ collection, bareCollection, capabilities }: Fixture): void {
  describe('a unique index', () => {
    it('refuses a second document with the key, by the name of the index', async () => {
      const things = await collection({ indexes: [unique('slug'), unique('code')] }, [
        { _id: 'a', slug: 's', code: 1 },
      ]);
      await expect(things.insertOne({ _id: 'b', slug: 't', code: 1 })).rejects.toMatchObject({
        index: 'code_unique',
        collection: things.name,
      });
      await expect(things.insertOne({ _id: 'b', slug: 's', code: 2 })).rejects.toMatchObject({ index: 'slug_unique' });
      expect(idsOf(await things.find({}))).toEqual(['a']);
      await things.insertOne({ _id: 'b', slug: 't', code: 2 });
    });

    it('tells a number from a string, and upper case from lower', async () => {
      const things = await collection({ indexes: [unique('k')] }, [{ _id: 'a', k: '1' }]);
      for (const [n, k] of [1, 'x', 'X', true, new Date(1)].entries()) await things.insertOne({ _id: `b${n}`, k });
      await expect(things.insertOne({ _id: 'c', k: new Date(1) })).rejects.toBeInstanceOf(DuplicateKeyError);
      expect(await things.countDocuments({})).toBe(6);
    });

    it('takes a missing field for null', async () => {
      const things = await collection({ indexes: [unique('slug')] }, [{ _id: 'a' }]);
      await expect(things.insertOne({ _id: 'b' })).rejects.toBeInstanceOf(DuplicateKeyError);
      await expect(things.insertOne({ _id: 'b', slug: null })).rejects.toBeInstanceOf(DuplicateKeyError);
    });

    it('covers several fields together', async () => {
      const things = await collection({ indexes: [unique('documentId', 'version')] }, [
        { _id: 'a', documentId: 'd', version: 1 },
      ]);
      await things.insertOne({ _id: 'b', documentId: 'd', version: 2 });
      await things.insertOne({ _id: 'c', documentId: 'e', version: 1 });
      await expect(things.insertOne({ _id: 'x', documentId: 'd', version: 2 })).rejects.toMatchObject({
        index: 'documentId_version_unique',
      });
    });

    it('reaches into nested documents', async () => {
      const things = await collection({ indexes: [sparseUnique('domain.site')] }, [
        { _id: 'a', domain: { site: 'x.com' } },
      ]);
      await things.insertOne({ _id: 'b', domain: { preview: 'x.com' } });
      await things.insertOne({ _id: 'c', domain: {} });
      await expect(things.insertOne({ _id: 'd', domain: { site: 'x.com' } })).rejects.toMatchObject({
        index: 'domain.site_unique',
      });
    });

    it('refuses an update into a taken key, and leaves the document as it was', async () => {
      const things = await collection({ indexes: [unique('slug')] }, [
        { _id: 'a', slug: 's' },
        { _id: 'b', slug: 't', n: 1 },
      ]);
      const update = { $set: { slug: 's', n: 2 } };
      await expect(things.updateOne({ _id: 'b' }, update)).rejects.toMatchObject({ index: 'slug_unique' });
      await expect(things.findOneAndUpdate({ _id: 'b' }, update)).rejects.toMatchObject({ index: 'slug_unique' });
      await expect(things.updateOne({ _id: 'c' }, update, { upsert: true })).rejects.toMatchObject({
        index: 'slug_unique',
      });
      expect(await things.find({ slug: 't' })).toEqual([{ _id: 'b', slug: 't', n: 1 }]);
      expect(await things.countDocuments({})).toBe(2);
    });

    it('lets a document keep its own key', async () => {
      const things = await collection({ indexes: [unique('slug')] }, [{ _id: 'a', slug: 's' }]);
      await things.updateOne({ _id: 'a' }, { $set: { slug: 's', n: 2 } });
      expect(await things.findOne({ slug: 's' })).toEqual({ _id: 'a', slug: 's', n: 2 });
    });

    it('frees a key that is changed, unset or deleted', async () => {
      const things = await collection({ indexes: [sparseUnique('slug')] }, [
        { _id: 'a', slug: 'changed' },
        { _id: 'b', slug: 'unset' },
        { _id: 'c', slug: 'deleted' },
      ]);
      await things.updateOne({ _id: 'a' }, { $set: { slug: 'other' } });
      await things.updateOne({ _id: 'b' }, { $unset: { slug: '' } });
      await things.deleteOne({ _id: 'c' });
      for (const slug of ['changed', 'unset', 'deleted']) await things.insertOne({ _id: slug, slug });
      expect(await things.countDocuments({})).toBe(5);
    });

    it('lets exactly one of twenty racers take a key', async () => {
      const things = await collection({ indexes: [unique('slug')] });
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => things.insertOne({ _id: String(n), slug: 's' })),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await things.countDocuments({})).toBe(1);
    });
  });

  describe('a sparse unique index', () => {
    it('leaves out documents without the field', async () => {
      const things = await collection({ indexes: [sparseUnique('nameKey')] });
      for (const _id of ['a', 'b', 'c']) await things.insertOne({ _id });
      await things.insertOne({ _id: 'd', nameKey: undefined });
      expect(await things.countDocuments({})).toBe(4);
    });

    it('does not leave out null: two of them collide', async () => {
      const things = await collection({ indexes: [sparseUnique('nameKey')] }, [{ _id: 'a', nameKey: null }]);
      await expect(things.insertOne({ _id: 'b', nameKey: null })).rejects.toMatchObject({ index: 'nameKey_unique' });
      await things.insertOne({ _id: 'c' });
    });
  });

  describe('a unique index over a list', () => {
    it('refuses an element that another document has', async () => {
      const things = await collection({ indexes: [sparseUnique('eventKeys')] }, [{ _id: 'a', eventKeys: ['1', '2'] }]);
      await things.insertOne({ _id: 'b', eventKeys: ['3', '4'] });
      await expect(things.insertOne({ _id: 'c', eventKeys: ['5', '2'] })).rejects.toMatchObject({
        index: 'eventKeys_unique',
      });
      await expect(things.updateOne({ _id: 'b' }, { $push: { eventKeys: '1' } })).rejects.toMatchObject({
        index: 'eventKeys_unique',
      });
      expect(await things.findOne({ _id: 'b' })).toEqual({ _id: 'b', eventKeys: ['3', '4'] });
    });

    it('lets one document have an element twice', async () => {
      const things = await collection({ indexes: [sparseUnique('eventKeys')] });
      await things.insertOne({ _id: 'a', eventKeys: ['1', '1'] });
      await expect(things.insertOne({ _id: 'b', eventKeys: ['1'] })).rejects.toBeInstanceOf(DuplicateKeyError);
    });

    it('frees an element that is taken off', async () => {
      const things = await collection({ indexes: [sparseUnique('eventKeys')] }, [{ _id: 'a', eventKeys: ['1', '2'] }]);
      await things.updateOne({ _id: 'a' }, { $pull: { eventKeys: '1' } });
      await things.insertOne({ _id: 'b', eventKeys: ['1'] });
      await things.updateOne({ _id: 'a' }, { $unset: { eventKeys: '' } });
      await things.insertOne({ _id: 'c', eventKeys: ['2'] });
    });

    it('refuses two empty lists', async () => {
      const things = await collection({ indexes: [sparseUnique('eventKeys')] }, [{ _id: 'a', eventKeys: [] }]);
      const second = things.insertOne({ _id: 'b', eventKeys: [] });
      if (capabilities().indexesEmptyLists) await expect(second).rejects.toMatchObject({ index: 'eventKeys_unique' });
      else await expect(second).resolves.toBeUndefined();
    });
  });

  describe('createIndexes', () => {
    const indexes: IndexSpec[] = [
      unique('slug'),
      sparseUnique('domain.site'),
      { name: 'status_created', key: { status: 1, 'date.created': -1 } },
    ];

    it('creates what is missing, and may be repeated', async () => {
      const things = bareCollection({ indexes });
      expect((await things.missingIndexes()).sort()).toEqual(['domain.site_unique', 'slug_unique', 'status_created']);
      await things.createIndexes();
      expect(await things.missingIndexes()).toEqual([]);
      await things.createIndexes();
      await Promise.all([things.createIndexes(), things.createIndexes()]);
      expect(await things.missingIndexes()).toEqual([]);
    });

    it('misses an index that is there under its name with another key or rule', async () => {
      const things = bareCollection({ indexes: [{ name: 'by', key: { slug: 1 } }] });
      await things.createIndexes();
      const others: Omit<IndexSpec, 'name'>[] = [{ key: { code: 1 } }, { key: { slug: -1 } }, unique('slug')];
      for (const other of others) {
        const changed = bareCollection({ name: things.name, indexes: [{ ...other, name: 'by' }] });
        expect(await changed.missingIndexes()).toEqual(['by']);
      }
    });

    it('has nothing to do for a collection that declares none', async () => {
      const things = bareCollection();
      await things.createIndexes();
      expect(await things.missingIndexes()).toEqual([]);
    });

    it('indexes the documents that are there already', async () => {
      const things = bareCollection({ indexes });
      await things.insertOne({ _id: 'a', slug: 's' });
      await things.createIndexes();
      await expect(things.insertOne({ _id: 'b', slug: 's' })).rejects.toMatchObject({ index: 'slug_unique' });
    });

    it('is refused when documents break a unique index, which then stays missing', async () => {
      const things = bareCollection({ indexes: [unique('slug')] });
      await things.insertOne({ _id: 'a', slug: 's' });
      await things.insertOne({ _id: 'b', slug: 's' });
      await expect(things.createIndexes()).rejects.toMatchObject({ name: 'DuplicateKeyError', index: 'slug_unique' });
      expect(await things.missingIndexes()).toEqual(['slug_unique']);
      await things.deleteOne({ _id: 'b' });
      await things.createIndexes();
      expect(await things.missingIndexes()).toEqual([]);
    });
  });
}
