import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createId } from '../../lib/ids.ts';
import { buildJournalDocument, buildLinkedDocuments, openStateJournal } from '../../test/support/state-journal.ts';
import { describeStores, type OpenStore } from '../../test/support/stores.ts';
import { ServiceUnavailableError, TimeoutError } from '../../lib/errors.ts';
import { createStateJournal, type JournalDocument, spec, type StateJournalDatastore } from './state-journal.ts';
import { pruneAll, pruneCampaign } from './state-retention.ts';
import { JournalGapError, readState } from './state-fold.ts';
import { type StateSnapshotsDatastore } from './state-snapshots.ts';
import {
  exportState,
  formatStateRecord,
  importState,
  parseStateRecord,
  type StateRecord,
  verifyState,
} from './state-transfer.ts';
import { InvalidOperationError } from './store/collection.ts';

const HOUR_MS = 3_600_000;
const now = new Date('2026-06-01T00:00:00.000Z');
const hoursAgo = (hours: number): Date => new Date(now.getTime() - hours * HOUR_MS);

describeStores('the journal of live states', target => {
  let open: OpenStore;
  let journal: StateJournalDatastore;
  let snapshots: StateSnapshotsDatastore;
  let campaignId: string;
  beforeAll(async () => {
    open = await target.open();
    ({ journal, snapshots } = await openStateJournal(open.store));
  });
  afterAll(() => open.close());
  beforeEach(() => {
    campaignId = createId();
  });

  const append = async (...documents: JournalDocument[]): Promise<void> => {
    for (const document of documents) expect(await journal.append(document)).toEqual({ isStored: true });
  };
  const collection = () => open.store.collection<JournalDocument>(spec);
  /** The journal over a collection whose insertions go wrong in turn, and work after that. */
  const failing = (...faults: ((document: JournalDocument) => Promise<void>)[]): StateJournalDatastore => {
    const inner = collection();
    const insertOne = (document: JournalDocument): Promise<void> => (faults.shift() ?? inner.insertOne)(document);
    return createStateJournal({ collection: { ...inner, insertOne } });
  };
  const unavailable = () => Promise.reject(new ServiceUnavailableError('test'));
  const answerLost = async (document: JournalDocument): Promise<void> => {
    await collection().insertOne(document);
    return unavailable();
  };

  it('takes a document whole, and gives it back', async () => {
    const document = buildJournalDocument(campaignId, 1, [{ a: 1 }, { b: { $set: 'x', 'a.b': null } }]);
    await append(document);
    expect(await journal.readSince(campaignId, 0)).toEqual([document]);
    expect(await journal.readAt(campaignId, 2)).toEqual(document);
    expect(await journal.readAt(campaignId, 3)).toBeNull();
    const held = async (version: number, changeId = document._id, id = campaignId): Promise<boolean> =>
      journal.holds(id, { version, changeId });
    expect([await held(document.from), await held(document.to)]).toEqual([true, true]);
    expect([await held(document.from - 1), await held(document.to + 1)]).toEqual([false, false]);
    expect([await held(2, createId()), await held(2, document._id, createId())]).toEqual([false, false]);
    expect(await journal.readHead(campaignId)).toEqual({ version: 2, changeId: document._id });
    expect(await journal.readHead(createId())).toBeNull();
  });

  it('takes the same document again, and no other in its place', async () => {
    const first = buildJournalDocument(campaignId, 1, [{ a: 1 }, { a: 2 }]);
    const next = buildJournalDocument(campaignId, 3, [{ a: 3 }]);
    await append(first, first, next);
    expect(await journal.append(buildJournalDocument(campaignId, 1, [{ a: 4 }]))).toEqual({
      isStored: false,
      winner: first,
      recorded: [],
    });
    await append(buildJournalDocument(createId(), 1, [{ a: 4 }]));
  });

  it('takes each event once, among all documents of a campaign', async () => {
    const first = buildJournalDocument(campaignId, 1, [{ a: 1 }, { a: 2 }]);
    await append(first);
    const [, second] = first.changes;
    const repeat = buildJournalDocument(campaignId, 3, [{ a: 3 }, { a: 4 }]);
    const mixed = { ...repeat, changes: [{ ...second!, version: 3 }, repeat.changes[1]!] };
    const recorded = [{ eventId: second!.eventId, version: 2, changeId: first._id, bodyHash: 'hash', at: second!.at }];
    expect(await journal.append(mixed)).toEqual({ isStored: false, winner: null, recorded });
    expect(await journal.findByEventIds(campaignId, [second!.eventId, 'unknown'])).toEqual(recorded);
    // The event ids of another campaign are its own.
    const elsewhere = buildJournalDocument(createId(), 1, [{ a: 1 }]);
    await append({ ...elsewhere, changes: [{ ...second!, version: 1 }] });
  });

  it('decides what a lost answer left open', async () => {
    const stored = buildJournalDocument(campaignId, 1, [{ a: 1 }]);
    expect(await failing(answerLost).append(stored)).toEqual({ isStored: true });
    const later = buildJournalDocument(campaignId, 2, [{ a: 2 }]);
    expect(await failing(unavailable, unavailable).append(later)).toEqual({ isStored: true });
    expect((await journal.readSince(campaignId, 0)).map(({ _id }) => _id)).toEqual([stored._id, later._id]);
    const rival = buildJournalDocument(campaignId, 3, [{ a: 3 }]);
    const lostRace = failing(async () => {
      await append(rival);
      return unavailable();
    });
    expect(await lostRace.append(buildJournalDocument(campaignId, 3, [{ a: 4 }]))).toMatchObject({ winner: rival });
  });

  it('says that it is undecided when it is told to give up, and never that it failed', async () => {
    const stop = new AbortController();
    const pending = failing(answerLost, async () => {
      stop.abort();
      return unavailable();
    }).append(buildJournalDocument(campaignId, 1, [{ a: 1 }]), { signal: stop.signal });
    await expect(pending).rejects.toThrow(TimeoutError);
    expect(await journal.readHead(campaignId)).toMatchObject({ version: 1 });
  });

  it('throws what is wrong in itself', async () => {
    const refused = failing(() => Promise.reject(new InvalidOperationError('too large')));
    await expect(refused.append(buildJournalDocument(campaignId, 1, [{ a: 1 }]))).rejects.toThrow(
      InvalidOperationError,
    );
  });

  it('reads forwards and backwards', async () => {
    const documents = [1, 3, 5, 7].map(from => buildJournalDocument(campaignId, from, [{ from }, { to: from }]));
    await append(...documents);
    const froms = (found: readonly JournalDocument[]): number[] => found.map(({ from }) => from);
    expect(froms(await journal.readSince(campaignId, 2, 2))).toEqual([3, 5]);
    expect(froms(await journal.readSince(campaignId, 8))).toEqual([]);
    expect(froms(await journal.readBefore(campaignId, 6, 2))).toEqual([5, 3]);
    expect(froms(await journal.readBefore(campaignId, 9))).toEqual([7, 5, 3, 1]);
  });

  it('finds what is new, by campaign', async () => {
    const before = new Date();
    const other = createId();
    await append(buildJournalDocument(campaignId, 1, [{}, {}]), buildJournalDocument(campaignId, 3, [{}]));
    await append(buildJournalDocument(other, 1, [{}]));
    const news = await journal.findNews(before);
    expect([news.get(campaignId), news.get(other)]).toEqual([3, 1]);
    expect((await journal.findNews(new Date(Date.now() + 5_000))).size).toBe(0);
  });

  it('finds what a user did', async () => {
    const by = createId();
    const first = buildJournalDocument(campaignId, 1, [{}, {}], { by });
    const second = buildJournalDocument(createId(), 1, [{}], { by });
    await append(first, second, buildJournalDocument(campaignId, 3, [{}]));
    const page = await journal.findByUser(by, { page: 0, pageSize: 1 });
    expect(page).toEqual({ rows: [second], page: 0, pageSize: 1, total: 2 });
    expect((await journal.findByUser(by, { page: 1, pageSize: 1 })).rows).toEqual([first]);
  });

  it('keeps what a document was built upon, and that older ones do not say', async () => {
    const [first, second] = buildLinkedDocuments(campaignId, null, [{ a: 1 }, { a: 2 }]);
    const old = buildJournalDocument(campaignId, 3, [{ a: 3 }]);
    await append(first!, second!, old);
    const found = await journal.readSince(campaignId, 0);
    expect(found.map(({ previousId }) => previousId)).toEqual([null, first!._id, undefined]);
    expect(found).toEqual([first, second, old]);
  });

  it('answers every query from an index', async () => {
    const byIndex = async (filter: Record<string, unknown>, sort?: Record<string, 1 | -1>): Promise<unknown> => {
      if (!open.capabilities.explains) return undefined;
      const { index, sortedByIndex } = await collection().explain(filter, sort === undefined ? {} : { sort });
      return [index, sort === undefined || sortedByIndex];
    };
    const served = open.capabilities.explains ? (index: string) => [index, true] : () => undefined;
    expect(await byIndex({ campaignId, from: { $gt: 1 } }, { from: 1 })).toEqual(served('campaignId_from'));
    expect(await byIndex({ campaignId, from: { $lte: 1 } }, { from: -1 })).toEqual(served('campaignId_from'));
    expect(await byIndex({ campaignId }, { from: -1 })).toEqual(served('campaignId_from'));
    expect(await byIndex({ campaignId, 'changes.eventId': { $in: ['x'] } })).toEqual(served('campaignId_eventId'));
    expect(await byIndex({ 'changes.by': 'x' }, { _id: -1 })).toEqual(served('by'));
    expect(await byIndex({ _id: { $gte: createId() } })).toEqual(served('_id'));
  });

  /** Ten documents of two versions, one an hour, the last an hour ago, and snapshots of these versions. */
  const fill = async (...versions: number[]): Promise<JournalDocument[]> => {
    const documents = Array.from({ length: 10 }, (_none, at) =>
      buildJournalDocument(campaignId, 2 * at + 1, [{ [`k${at}`]: at }, { last: at }], {
        at: hoursAgo(10 * (10 - at)),
      }),
    );
    await append(...documents);
    for (const version of versions) {
      const state = await readState({ journal, snapshots }, campaignId, version);
      const { changeId, at } = state!;
      await snapshots.write({ campaignId, version, changeId, at, state: JSON.stringify(state!.state) });
    }
    return documents;
  };
  const retention = { maxVersions: 6, maxAgeMs: 1000 * HOUR_MS, snapshotDistance: 1 };
  const versionsLeft = async (): Promise<[number | undefined, number[]]> => [
    (await journal.readSince(campaignId, 0))[0]?.from,
    await snapshots.listVersions(campaignId),
  ];

  it('builds the state at any version, from snapshots or without', async () => {
    await fill(6, 14);
    const at = async (version?: number) => (await readState({ journal, snapshots }, campaignId, version))?.state;
    expect(await at(1)).toEqual({ k0: 0 });
    expect(await at(4)).toEqual({ k0: 0, k1: 1, last: 1 });
    expect(await at(7)).toEqual({ k0: 0, k1: 1, k2: 2, k3: 3, last: 2 });
    expect(await at()).toMatchObject({ k9: 9, last: 9 });
    expect(await at(21)).toBeUndefined();
  });

  describe('after its history was lost', () => {
    let documents: JournalDocument[];
    const note = (version: number, changeId: string, state: object): Promise<void> =>
      snapshots.write({ campaignId, version, changeId, at: now, state: JSON.stringify(state) });
    const build = (version?: number) => readState({ journal, snapshots }, campaignId, version);
    beforeEach(async () => {
      documents = buildLinkedDocuments(campaignId, null, [{ a: 1 }, { b: 2 }, { c: 3 }, { d: 4 }]);
      await append(...documents);
    });

    it('is not built upon a snapshot of the lost one, though its number fits', async () => {
      await note(1, documents[0]!._id, { a: 1 });
      await note(3, createId(), { lost: true });
      expect(await build()).toMatchObject({ version: 4, state: { a: 1, b: 2, c: 3, d: 4 } });
      expect(await build(3)).toMatchObject({ version: 3, changeId: documents[2]!._id, state: { a: 1, b: 2, c: 3 } });
      expect(await build(9)).toBeNull();
      await snapshots.remove(campaignId, [1]);
      expect(await build()).toMatchObject({ version: 4, state: { a: 1, b: 2, c: 3, d: 4 } });
    });

    it('nor upon one beyond its end, of the last version, or in the midst of a document', async () => {
      await note(9, createId(), { lost: true });
      expect(await build()).toMatchObject({ version: 4, state: { a: 1, b: 2, c: 3, d: 4 } });
      expect(await build(9)).toBeNull();
      await append(buildJournalDocument(campaignId, 5, [{ e: 5 }, { f: 6 }], { previousId: documents[3]!._id }));
      await note(5, createId(), { lost: true });
      await note(6, createId(), { lost: true });
      expect(await build()).toMatchObject({ version: 6, state: { a: 1, d: 4, e: 5, f: 6 } });
      expect((await build(5))?.state).not.toHaveProperty('lost');
    });

    it('cannot be built where nothing but such a snapshot is left', async () => {
      await note(2, createId(), { lost: true });
      await journal.removeUntil(campaignId, 2);
      await expect(build()).rejects.toThrow(JournalGapError);
      await expect(build(3)).rejects.toThrow(JournalGapError);
      expect(await build(1)).toBeNull();
    });

    it('is believed where it was pruned and does not say what it was built upon', async () => {
      await note(4, documents[3]!._id, { a: 1 });
      await append(buildJournalDocument(campaignId, 5, [{ e: 5 }]));
      await journal.removeUntil(campaignId, 4);
      expect(await build()).toMatchObject({ version: 5, state: { a: 1, e: 5 } });
      expect((await verifyState({ journal, snapshots }, campaignId)).faults).toEqual([]);
    });

    it('is one for all who read it, with what was built upon the lost one in its place', async () => {
      const stray = buildJournalDocument(campaignId, 5, [{ stray: 5 }], { previousId: createId() });
      await append(stray);
      await append(...buildLinkedDocuments(campaignId, stray, [{ e: 6 }]));
      const state = { a: 1, b: 2, c: 3, d: 4, stray: 5, e: 6 };
      expect(await build()).toMatchObject({ version: 6, state });
      // From the very version before it, too; and not from the one that it names.
      await note(4, documents[3]!._id, { a: 1, b: 2, c: 3, d: 4 });
      expect(await build()).toMatchObject({ version: 6, state });
      await snapshots.remove(campaignId, [4]);
      await note(4, stray.previousId!, { lost: true });
      expect(await build()).toMatchObject({ version: 6, state });
    });

    it('is checked: what does not follow the one before it is named', async () => {
      const strays = [createId(), null].map((previousId, at) =>
        buildJournalDocument(campaignId, 5 + at, [{ at }], { previousId }),
      );
      await append(...strays);
      await append(...buildLinkedDocuments(campaignId, strays[1]!, [{ e: 7 }]));
      expect(await verifyState({ journal, snapshots }, campaignId)).toMatchObject({
        version: 7,
        faults: [
          `${strays[0]!._id}, from version 5, follows ${strays[0]!.previousId}, and not ${documents[3]!._id}, which is before it.`,
          `${strays[1]!._id}, from version 6, follows null, and not ${strays[0]!._id}, which is before it.`,
        ],
      });
    });

    it('is checked from the snapshot on that it was pruned at', async () => {
      await note(2, createId(), { lost: true });
      await journal.removeUntil(campaignId, 2);
      const { faults } = await verifyState({ journal, snapshots }, campaignId);
      expect(faults[0]).toContain(`${documents[2]!._id}, from version 3, follows ${documents[1]!._id}, and not`);
    });

    it('takes in no lines that do not follow what is there, or each other', async () => {
      const other = buildLinkedDocuments(campaignId, null, [{}, {}, {}, { lost: 4 }, { lost: 5 }, { lost: 6 }]);
      const lines = async function* (...given: JournalDocument[]): AsyncGenerator<StateRecord> {
        for (const document of given) {
          const line = formatStateRecord({ kind: 'document', document });
          yield parseStateRecord(line);
        }
      };
      const bring = (...given: JournalDocument[]) => importState({ journal, snapshots }, campaignId, lines(...given));
      await expect(bring(other[4]!, other[5]!)).rejects.toThrow(
        `${other[4]!._id}, from version 5, follows ${other[3]!._id}, and not ${documents[3]!._id}, which is before it.`,
      );
      expect(await journal.readHead(campaignId)).toMatchObject({ version: 4 });
      await expect(bring(documents[3]!, other[4]!)).rejects.toThrow('which is before it.');
      expect(await journal.readHead(campaignId)).toMatchObject({ version: 4 });
      const more = buildLinkedDocuments(campaignId, documents[3]!, [{ e: 5 }, { f: 6 }]);
      expect(await bring(...documents, ...more)).toEqual({ documents: 6, snapshots: 0 });
      expect(await journal.readSince(campaignId, 0)).toEqual([...documents, ...more]);
    });
  });

  it('forgets old versions down to a snapshot, and can still build all that are left', async () => {
    const documents = await fill(4, 8, 12, 20);
    expect(await pruneCampaign({ journal, snapshots }, campaignId, retention, now)).toEqual({
      documents: 6,
      snapshots: 2,
    });
    expect(await versionsLeft()).toEqual([13, [12, 20]]);
    expect(await readState({ journal, snapshots }, campaignId, 11)).toBeNull();
    const state = await readState({ journal, snapshots }, campaignId, 13);
    expect(state).toMatchObject({ version: 13, changeId: documents[6]?._id, state: { k6: 6, last: 5 } });
    expect(await verifyState({ journal, snapshots }, campaignId)).toMatchObject({
      version: 20,
      documents: 4,
      faults: [],
    });
    expect(await pruneCampaign({ journal, snapshots }, campaignId, retention, now)).toEqual({
      documents: 0,
      snapshots: 0,
    });
  });

  it('forgets by age', async () => {
    await fill(4, 8, 12);
    const byAge = { ...retention, maxVersions: 1000, maxAgeMs: 65 * HOUR_MS };
    await pruneCampaign({ journal, snapshots }, campaignId, byAge, now);
    expect(await versionsLeft()).toEqual([9, [8, 12]]);
  });

  it('keeps everything for a day, whatever is configured, and never forgets the end', async () => {
    await fill(16, 18, 20);
    await pruneCampaign({ journal, snapshots }, campaignId, { maxVersions: 1, maxAgeMs: 1, snapshotDistance: 1 }, now);
    expect(await versionsLeft()).toEqual([17, [16, 18, 20]]);
    const later = new Date(now.getTime() + 100 * HOUR_MS);
    await pruneCampaign(
      { journal, snapshots },
      campaignId,
      { maxVersions: 1, maxAgeMs: 1, snapshotDistance: 1 },
      later,
    );
    expect(await versionsLeft()).toEqual([19, [18, 20]]);
  });

  it('forgets nothing where there is no snapshot to build upon', async () => {
    await fill();
    expect(await pruneCampaign({ journal, snapshots }, campaignId, retention, now)).toEqual({
      documents: 0,
      snapshots: 0,
    });
  });

  it('thins out snapshots that stand close together, but for the last', async () => {
    await fill(2, 4, 6, 8, 20);
    const lasting = { maxVersions: 1000, maxAgeMs: 1000 * HOUR_MS, snapshotDistance: 5 };
    await pruneCampaign({ journal, snapshots }, campaignId, lasting, now);
    expect(await snapshots.listVersions(campaignId)).toEqual([2, 8, 20]);
  });

  it('prunes every campaign', async () => {
    const first = campaignId;
    await fill(8, 20);
    campaignId = createId();
    await fill(8, 20);
    const pruned = await pruneAll({ journal, snapshots }, retention, now);
    expect(pruned.documents).toBeGreaterThanOrEqual(8);
    for (const id of [first, campaignId]) expect((await journal.readSince(id, 0))[0]?.from).toBe(9);
  });

  it('goes out as lines and comes back whole', async () => {
    await fill(4, 8, 12, 20);
    await pruneCampaign({ journal, snapshots }, campaignId, retention, now);
    const lines: string[] = [];
    for await (const record of exportState({ journal, snapshots }, campaignId)) lines.push(formatStateRecord(record));
    const before = await journal.readSince(campaignId, 0);
    await journal.removeUntil(campaignId, Infinity);
    await snapshots.remove(campaignId, [12, 20]);
    const records = lines.map(parseStateRecord);
    expect(await importState({ journal, snapshots }, campaignId, records)).toEqual({ documents: 4, snapshots: 2 });
    expect(await importState({ journal, snapshots }, campaignId, records)).toEqual({ documents: 4, snapshots: 2 });
    expect(await journal.readSince(campaignId, 0)).toEqual(before);
    expect((await verifyState({ journal, snapshots }, campaignId)).faults).toEqual([]);
    expect(() => parseStateRecord('{"kind":"other"}')).toThrow(SyntaxError);
  });

  it('does not let an import overwrite another history, leave a gap, or mix campaigns', async () => {
    const [first] = [buildJournalDocument(campaignId, 1, [{ a: 1 }])];
    await append(first);
    const record = (from: number, id = campaignId): StateRecord => ({
      kind: 'document',
      document: buildJournalDocument(id, from, [{ a: 2 }]),
    });
    const snapshot: StateRecord = {
      kind: 'snapshot',
      snapshot: { campaignId, version: 9, changeId: createId(), at: now, state: '{}' },
    };
    for (const [records, message] of [
      [[snapshot, record(1)], 'another history'],
      [[snapshot, record(7)], 'another history'],
      [[snapshot, { kind: 'document', document: first }, record(3)], 'After version 1 there is version 3'],
      [[record(2, createId())], 'among those of'],
    ] as const) {
      await expect(importState({ journal, snapshots }, campaignId, records)).rejects.toThrow(message);
    }
    expect(await journal.readHead(campaignId)).toMatchObject({ version: 1 });
    expect(await snapshots.listVersions(campaignId)).toEqual([]);
    // What follows the history that is there is no other one.
    expect(await importState({ journal, snapshots }, campaignId, [record(2)])).toEqual({ documents: 1, snapshots: 0 });
  });

  it('takes no line that is not what an export writes', () => {
    const line = formatStateRecord({ kind: 'document', document: buildJournalDocument(campaignId, 1, [{ a: 1 }]) });
    expect(parseStateRecord(line)).toMatchObject({ kind: 'document' });
    const broken = ['{"kind":"document"}', '{"kind":"snapshot","snapshot":{}}', '[]', '{', '"text"'];
    for (const text of [...broken, line.replace('"from":1', '"from":"1"'), line.replace('"at"', '"when"')]) {
      expect(() => parseStateRecord(text)).toThrow(SyntaxError);
    }
  });

  it('is found broken where it is', async () => {
    const verify = async (): Promise<readonly string[]> =>
      (await verifyState({ journal, snapshots }, campaignId)).faults;
    expect(await verify()).toEqual([]);
    const [first, , third] = await fill();
    await snapshots.write({ campaignId, version: 2, changeId: first!._id, at: now, state: '{"k0":7}' });
    await snapshots.write({ campaignId, version: 6, changeId: 'other', at: now, state: '{}' });
    expect(await verify()).toEqual([
      'The snapshot of version 2 is not what the patches make.',
      'The snapshot of version 6 names another change.',
    ]);
    await collection().deleteOne({ _id: third!._id });
    expect(await verify()).toContain(`The journal of ${campaignId} should go on with version 5, and has 7.`);
  });
});
