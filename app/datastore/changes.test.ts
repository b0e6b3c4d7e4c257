import { beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryCollection } from '../../test/support/memory-collection.ts';
import { type Page } from '../../schemas/paging.ts';
import {
  ChangeConflictError,
  createChanges,
  spec,
  type ChangeRecord,
  type Changes,
  type ChangeSource,
} from './changes.ts';
import { DuplicateKeyError, type Collection } from './store/collection.ts';

const campaignId = 'c'.repeat(24);
const marketId = 'd'.repeat(24);

function createSource(
  version: number,
  change: Partial<ChangeSource['change']> = {},
  documentId = campaignId,
): ChangeSource {
  return {
    collection: documentId === campaignId ? 'campaigns' : 'markets',
    documentId,
    change: {
      id: `change-${documentId[0]}-${version}`,
      version,
      cause: 'campaign.updated',
      effects: ['kinesisCampaign', 'fastlyPurge'],
      by: 'user-1',
      correlation: `c${version}`,
      campaignId,
      at: new Date(Date.UTC(2026, 0, version)),
      diff: { before: {}, after: { name: 'x' } },
      ...change,
    },
  };
}

describe('the recorded changes', () => {
  let collection: Collection<ChangeRecord>;
  let changes: Changes;
  beforeEach(() => {
    collection = createMemoryCollection<ChangeRecord>(spec);
    changes = createChanges({ collection });
  });

  it('keep a change with its effects as pending deliveries that are due at once', async () => {
    await changes.record(createSource(1, { oldDomain: 'old.example', idempotencyKey: 'k' }));
    const at = new Date(Date.UTC(2026, 0, 1));
    expect(await changes.findOne('change-c-1')).toEqual({
      _id: 'change-c-1',
      collection: 'campaigns',
      documentId: campaignId,
      campaignId,
      version: 1,
      cause: 'campaign.updated',
      by: 'user-1',
      at,
      correlation: 'c1',
      diff: { before: {}, after: { name: 'x' } },
      oldDomain: 'old.example',
      idempotencyKey: 'k',
      effects: ['kinesisCampaign', 'fastlyPurge'],
      pending: [
        { effect: 'kinesisCampaign', attempts: 0, dueAt: at },
        { effect: 'fastlyPurge', attempts: 0, dueAt: at },
      ],
    });
  });

  it('leave a change without effects out of the outbox', async () => {
    await changes.record(createSource(1, { effects: [] }));
    expect((await changes.findOne('change-c-1'))?.pending).toEqual([]);
  });

  it('leave out the effects that nobody delivers, and tell the follower what was recorded, once', async () => {
    const told: string[] = [];
    const followed = createChanges({
      collection,
      follower: {
        selectWanted: async sources => sources.map(() => ['fastlyPurge']),
        onRecorded: records => void told.push(...records.map(record => record._id)),
      },
    });
    await followed.record(createSource(1));
    await followed.recordAll([createSource(1), createSource(2)]);
    expect(told).toEqual(['change-c-1', 'change-c-2']);
    expect(await changes.findOne('change-c-1')).toMatchObject({
      effects: ['fastlyPurge'],
      pending: [{ effect: 'fastlyPurge' }],
    });
  });

  it('take a change that is recorded already for done, and leave its deliveries alone', async () => {
    await changes.record(createSource(1));
    await collection.updateOne({ _id: 'change-c-1' }, { $set: { pending: [] } });
    expect(await changes.recordAll([createSource(1), createSource(2)])).toEqual(new Map());
    expect(await changes.findOne('change-c-1')).toMatchObject({ pending: [] });
    expect(await changes.findOne('change-c-2')).toMatchObject({ version: 2 });
  });

  it('take it for done whichever unique index notices first', async () => {
    const other = createChanges({
      collection: {
        ...collection,
        bulkWrite: async operations => {
          const result = await collection.bulkWrite(operations);
          const error = new DuplicateKeyError('changes', 'documentId_version');
          return { ...result, failures: result.failures.map(failure => ({ ...failure, error })) };
        },
      },
    });
    await other.record(createSource(1));
    await other.record(createSource(1));
    await expect(other.record(createSource(1, { id: 'other' }))).rejects.toBeInstanceOf(ChangeConflictError);
  });

  it('refuse a second change of the same version, and record the others of the batch', async () => {
    await changes.record(createSource(1));
    const refused = await changes.recordAll([createSource(2), createSource(1, { id: 'other' }), createSource(3)]);
    expect([...refused.keys()]).toEqual([1]);
    expect(refused.get(1)).toBeInstanceOf(ChangeConflictError);
    await expect(changes.record(createSource(1, { id: 'other' }))).rejects.toBeInstanceOf(ChangeConflictError);
    expect(await collection.countDocuments({})).toBe(3);
  });

  it('are found by document, campaign, user and version, the latest first', async () => {
    await changes.recordAll([createSource(1), createSource(3), createSource(2, { by: 'user-2' })]);
    await changes.record(createSource(4, {}, marketId));
    const idsOf = ({ rows, total }: Pick<Page<ChangeRecord>, 'rows' | 'total'>) => [rows.map(({ _id }) => _id), total];
    const all = { page: 0, pageSize: 10 };
    expect(idsOf(await changes.findByDocument(campaignId, all))).toEqual([
      ['change-c-3', 'change-c-2', 'change-c-1'],
      3,
    ]);
    expect(idsOf(await changes.findByDocument(campaignId, { page: 1, pageSize: 2 }))).toEqual([['change-c-1'], 3]);
    expect(idsOf(await changes.findByCampaign(campaignId, { page: 0, pageSize: 2 }))).toEqual([
      ['change-d-4', 'change-c-3'],
      4,
    ]);
    expect(idsOf(await changes.findByUser('user-2', all))).toEqual([['change-c-2'], 1]);
    expect(await changes.findByVersion(campaignId, 2)).toMatchObject({ _id: 'change-c-2' });
    expect(await changes.findByVersion(campaignId, 4)).toBeNull();
  });
});
