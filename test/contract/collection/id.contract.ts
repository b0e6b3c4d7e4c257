import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, type Filter } from '../../../app/datastore/store/collection.ts';
import { idsOf, type Fixture, type Thing } from './fixture.ts';

/** A 24-hex id that sorts by `n`. */
const id = (n: number): string => n.toString(16).padStart(24, '0');

const SPEC = {
  ids: ['_id', 'campaignId', 'promoterIds', 'owner.id', 'links.targetId'],
  indexes: [
    { name: 'campaignId_id', key: { campaignId: 1, _id: 1 } },
    { name: 'promoterIds', key: { promoterIds: 1 } },
  ],
} as const;

const THINGS: readonly Thing[] = [
  {
    _id: id(1),
    campaignId: id(101),
    promoterIds: [id(201), id(202)],
    owner: { id: id(301), name: 'o' },
    links: [{ targetId: id(401), n: 1 }],
  },
  {
    _id: id(2),
    campaignId: id(101),
    promoterIds: [],
    owner: { id: null },
    links: [
      { targetId: id(401), n: 2 },
      { targetId: id(402), n: 3 },
    ],
  },
  { _id: id(15), campaignId: id(102), promoterIds: [id(202)], owner: { id: 'not an id' }, text: id(1) },
  { _id: id(16), campaignId: null },
];

const CASES: readonly (readonly [string, Filter, readonly number[]])[] = [
  ['_id', { _id: id(2) }, [2]],
  ['equality', { campaignId: id(101) }, [1, 2]],
  ['$eq', { campaignId: { $eq: id(101) } }, [1, 2]],
  ['$ne', { campaignId: { $ne: id(101) } }, [15, 16]],
  ['$in', { _id: { $in: [id(1), id(16), id(99)] } }, [1, 16]],
  ['$nin', { _id: { $nin: [id(1), id(16)] } }, [2, 15]],
  ['$gt', { _id: { $gt: id(2) } }, [15, 16]],
  ['$gte and $lt', { _id: { $gte: id(2), $lt: id(16) } }, [2, 15]],
  ['$not', { campaignId: { $not: { $in: [id(101)] } } }, [15, 16]],
  [
    '$or, $and and $nor',
    { $or: [{ _id: id(1) }, { $and: [{ campaignId: id(102) }, { $nor: [{ _id: id(1) }] }] }] },
    [1, 15],
  ],
  ['an element of a list', { promoterIds: id(202) }, [1, 15]],
  ['$in on a list', { promoterIds: { $in: [id(201)] } }, [1]],
  ['$all on a list', { promoterIds: { $all: [id(202), id(201)] } }, [1]],
  ['a whole list', { promoterIds: [id(201), id(202)] }, [1]],
  ['$elemMatch on a list', { promoterIds: { $elemMatch: { $gt: id(201) } } }, [1, 15]],
  ['a nested path', { 'owner.id': id(301) }, [1]],
  ['a nested document', { owner: { id: id(301), name: 'o' } }, [1]],
  ['a path through a list', { 'links.targetId': id(401) }, [1, 2]],
  ['a place in a list', { 'links.1.targetId': id(402) }, [2]],
  ['$elemMatch on a list of documents', { links: { $elemMatch: { targetId: id(401), n: 2 } } }, [2]],
  ['null', { campaignId: null }, [16]],
  ['a field that holds text which looks like an id', { text: id(1) }, [15]],
  ['$regex on that text', { text: { $regex: '^0+1$' } }, [15]],
  ['a value that is no id', { 'owner.id': 'not an id' }, [15]],
  ['an ill-formed id', { campaignId: 'xyz' }, []],
  ['an id in upper case: ids are lower case', { _id: id(15).toUpperCase() }, []],
];

/** 24-hex ids go in and come out as strings, and compare as such, however a store keeps them. */
export function idContract({ collection }: Fixture): void {
  describe('fields that hold ids', () => {
    let things: Collection<Thing>;
    beforeEach(async () => {
      things = await collection(SPEC, THINGS);
    });

    it('come back as strings', async () => {
      expect(await things.find({}, { sort: { _id: 1 } })).toEqual(THINGS);
      expect(await things.findOne({ _id: id(1) }, { projection: { 'links.targetId': 1 } })).toEqual({
        _id: id(1),
        links: [{ targetId: id(401) }],
      });
    });

    it.each(CASES)('are matched by %s', async (_title, filter, expected) => {
      expect(idsOf(await things.find(filter, { sort: { _id: 1 } }))).toEqual(expected.map(id));
      expect(await things.countDocuments(filter)).toBe(expected.length);
    });

    it('sort as their strings do', async () => {
      expect(idsOf(await things.find({}, { sort: { _id: -1 } }))).toEqual([16, 15, 2, 1].map(id));
    });

    it('are distinct as strings', async () => {
      expect((await things.distinct('campaignId', { campaignId: { $ne: null } })).sort()).toEqual([id(101), id(102)]);
      expect((await things.distinct('promoterIds')).sort()).toEqual([id(201), id(202)]);
      expect((await things.distinct('links.targetId')).sort()).toEqual([id(401), id(402)]);
    });

    it('are found after every kind of update', async () => {
      await things.updateOne(
        { _id: id(1) },
        { $set: { campaignId: id(103), 'owner.id': id(302), 'links.0.targetId': id(403) } },
      );
      await things.updateOne({ _id: id(1) }, { $push: { promoterIds: id(203), links: { targetId: id(404) } } });
      await things.updateOne({ _id: id(1) }, { $push: { promoterIds: { $each: [id(204)] } } });
      await things.updateOne({ _id: id(1) }, { $addToSet: { promoterIds: { $each: [id(204), id(205)] } } });
      await things.updateOne({ _id: id(1) }, { $addToSet: { promoterIds: id(203) } });
      await things.updateOne({ _id: id(1) }, { $pull: { promoterIds: id(201) } });
      await things.updateOne({ _id: id(1) }, { $pull: { promoterIds: { $in: [id(202)] } } });
      for (const filter of [
        { campaignId: id(103) },
        { 'owner.id': id(302) },
        { 'links.targetId': id(403) },
        { promoterIds: id(205) },
      ]) {
        expect(await things.find(filter)).toEqual([
          {
            _id: id(1),
            campaignId: id(103),
            promoterIds: [id(203), id(204), id(205)],
            owner: { id: id(302), name: 'o' },
            links: [{ targetId: id(403), n: 1 }, { targetId: id(404) }],
          },
        ]);
      }
    });

    it('are taken out of a list of documents', async () => {
      await things.updateOne({ _id: id(2) }, { $pull: { links: { targetId: id(401) } } });
      expect(await things.findOne({ _id: id(2) })).toMatchObject({ links: [{ targetId: id(402), n: 3 }] });
      await things.updateOne({ _id: id(2) }, { $unset: { campaignId: '' } });
      expect(await things.findOne({ campaignId: { $exists: false } })).toMatchObject({ _id: id(2) });
    });

    it('come back from findOneAndUpdate, upserts and bulk writes as strings', async () => {
      expect(
        await things.findOneAndUpdate({ _id: id(1), campaignId: id(101) }, { $set: { campaignId: id(104) } }),
      ).toMatchObject({
        _id: id(1),
        campaignId: id(104),
      });
      expect(
        await things.updateOne({ _id: id(21) }, { $setOnInsert: { campaignId: id(105) } }, { upsert: true }),
      ).toMatchObject({ upsertedId: id(21) });
      await things.bulkWrite([
        { insertOne: { document: { _id: id(22), campaignId: id(105) } } },
        { updateOne: { filter: { _id: id(23) }, update: { $set: { campaignId: id(105) } }, upsert: true } },
        { deleteOne: { filter: { campaignId: id(102) } } },
      ]);
      expect(await things.find({ campaignId: { $in: [id(105), id(102)] } }, { sort: { _id: 1 } })).toEqual(
        [21, 22, 23].map(n => ({ _id: id(n), campaignId: id(105) })),
      );
      await expect(things.insertOne({ _id: id(22) })).rejects.toMatchObject({
        name: 'DuplicateKeyError',
        index: '_id',
      });
    });
  });
}
