import { describe, expect, it } from '@jest/globals';
import { DuplicateKeyError } from '../../../app/datastore/store/collection.ts';
import { type Fixture } from './fixture.ts';

/** What goes in comes out, and an `_id` is taken once. */
export function insertContract({ collection }: Fixture): void {
  describe('insertOne', () => {
    it('keeps every kind of value as it was', async () => {
      const things = await collection();
      const thing = {
        _id: 'a',
        text: 'Zürich – 東京 🎟',
        empty: '',
        whole: 2 ** 40,
        small: -7,
        part: 0.1,
        yes: true,
        no: false,
        nothing: null,
        list: ['x', 1, null, ['nested'], { k: 'v' }],
        emptyList: [],
        emptyObject: {},
        nested: { deep: { deeper: [{ at: new Date('2026-03-29T01:59:59.999Z') }] } },
      };
      await things.insertOne(thing);
      expect(await things.findOne({ _id: 'a' })).toEqual(thing);
    });

    it('gives dates back as dates, to the millisecond', async () => {
      const things = await collection();
      const at = new Date('2026-01-02T03:04:05.678Z');
      await things.insertOne({ _id: 'a', at, before: new Date(-1) });
      const stored = await things.findOne({ _id: 'a' });
      expect(stored?.['at']).toBeInstanceOf(Date);
      expect(stored?.['at']).toEqual(at);
      expect(stored?.['before']).toEqual(new Date(-1));
    });

    it('leaves out fields whose value is undefined, at any depth', async () => {
      const things = await collection();
      await things.insertOne({
        _id: 'a',
        gone: undefined,
        nested: { gone: undefined, kept: 1 },
        list: [{ gone: undefined, kept: 2 }],
      });
      expect(await things.findOne({ _id: 'a' })).toStrictEqual({ _id: 'a', nested: { kept: 1 }, list: [{ kept: 2 }] });
    });

    it('holds its own copy: a later change of the object given does not reach it', async () => {
      const things = await collection();
      const thing = { _id: 'a', nested: { list: [1] } };
      await things.insertOne(thing);
      thing.nested.list.push(2);
      expect(await things.findOne({ _id: 'a' })).toEqual({ _id: 'a', nested: { list: [1] } });
    });

    it('takes a frozen document, and alters nothing of it', async () => {
      const id = 'a'.repeat(24);
      const things = await collection({ ids: ['_id', 'list'] });
      const thing = Object.freeze({ _id: id, list: Object.freeze([id]) });
      await things.insertOne(thing);
      expect(thing).toEqual({ _id: id, list: [id] });
    });

    it('refuses an _id that is taken, and leaves the first document alone', async () => {
      const things = await collection({}, [{ _id: 'a', n: 1 }]);
      const refused = things.insertOne({ _id: 'a', n: 2 });
      await expect(refused).rejects.toBeInstanceOf(DuplicateKeyError);
      await expect(refused).rejects.toMatchObject({ collection: things.name, index: '_id', code: 11000 });
      expect(await things.find({})).toEqual([{ _id: 'a', n: 1 }]);
    });

    it('lets exactly one of twenty racers take an _id', async () => {
      const things = await collection();
      const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => things.insertOne({ _id: 'a', n })));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(
        results.filter(result => result.status === 'rejected' && result.reason instanceof DuplicateKeyError),
      ).toHaveLength(19);
    });
  });

  describe('deleteOne and deleteMany', () => {
    it('remove one match, or all, and say how many', async () => {
      const things = await collection({}, [
        { _id: 'a', n: 1 },
        { _id: 'b', n: 1 },
        { _id: 'c', n: 1 },
        { _id: 'd', n: 2 },
      ]);
      expect(await things.deleteOne({ n: 3 })).toBe(0);
      expect(await things.deleteOne({ n: 1 })).toBe(1);
      expect(await things.countDocuments({ n: 1 })).toBe(2);
      expect(await things.deleteMany({ n: 1 })).toBe(2);
      expect(await things.find({})).toEqual([{ _id: 'd', n: 2 }]);
      expect(await things.deleteMany({})).toBe(1);
    });

    it('free the _id', async () => {
      const things = await collection({}, [{ _id: 'a', n: 1 }]);
      await things.deleteOne({ _id: 'a' });
      await things.insertOne({ _id: 'a', n: 2 });
      expect(await things.find({})).toEqual([{ _id: 'a', n: 2 }]);
    });
  });
}
