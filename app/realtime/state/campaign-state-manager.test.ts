import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  IdempotencyKeyReusedError,
  PayloadTooLargeError,
  ServiceUnavailableError,
  TimeoutError,
  UnauthorizedError,
  ValidationError,
  VersionMismatchError,
} from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { createStateView } from '../../../test/support/state-view.ts';
import { buildJournalDocument, buildLinkedDocuments, openStateJournal } from '../../../test/support/state-journal.ts';
import { describeStores, type OpenStore } from '../../../test/support/stores.ts';
import { until } from '../../../test/support/until.ts';
import { systemTimer } from '../../datastore/deadline.ts';
import { readState } from '../../datastore/state-fold.ts';
import { type JournalDocument, type StateJournalDatastore } from '../../datastore/state-journal.ts';
import { type StateSnapshotsDatastore } from '../../datastore/state-snapshots.ts';
import { verifyState } from '../../datastore/state-transfer.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { systemActor } from '../../system-actor.ts';
import {
  type CampaignStateDependencies,
  type CampaignStateManager,
  createCampaignStateManager,
  type StateRequest,
} from './campaign-state-manager.ts';
import { StateVersionMismatchError, StateVersionNotFoundError } from './errors.ts';
import { measureJson } from './json-size.ts';
import { type StateOperation } from './operations.ts';
import { createMemoryJournal } from './memory-journal.ts';

const initial = { title: 'New', features: ['waitlist'], campaign: { version: 1, status: 'DRAFT' } };
const update = (updates: Record<string, unknown>): StateOperation => ({ kind: 'update', updates });

describeStores('the live state of campaigns', target => {
  let open: OpenStore;
  let journal: StateJournalDatastore;
  let snapshots: StateSnapshotsDatastore;
  let manager: CampaignStateManager;
  let campaignId: string;
  const managers: CampaignStateManager[] = [];
  const said: string[] = [];

  beforeAll(async () => {
    open = await target.open();
    ({ journal, snapshots } = await openStateJournal(open.store));
  });
  afterAll(() => open.close());
  beforeEach(() => {
    campaignId = createId();
    said.length = 0;
    manager = createManager();
  });
  afterEach(async () => {
    await Promise.all(managers.splice(0).map(one => one.stop()));
  });

  function createManager(overrides: Partial<CampaignStateDependencies> = {}): CampaignStateManager {
    const made = createCampaignStateManager({
      journal,
      snapshots,
      readInitialState: async () => initial,
      clock: () => new Date(),
      log: { warn: message => said.push(message), error: message => said.push(message) },
      ...overrides,
    });
    managers.push(made);
    return made;
  }

  const write = (operation: StateOperation, request: Partial<StateRequest> = {}, on = manager) =>
    on.write({ campaignId, eventId: randomUUID(), actor: systemActor, by: 'user-1', operation, ...request });
  const stateOf = async (on = manager): Promise<unknown> => (await on.read(campaignId)).state;
  const throwIfBroken = async (): Promise<void> => {
    expect((await verifyState({ journal, snapshots }, campaignId)).faults).toEqual([]);
  };

  describe('a campaign that is seen for the first time', () => {
    it('begins with its initial state, written once by whoever is first', async () => {
      const others = [manager, createManager(), createManager({ readInitialState: async () => ({ title: 'Other' }) })];
      const found = await Promise.all(others.flatMap(one => [one.read(campaignId), one.read(campaignId)]));
      expect(new Set(found.map(({ version, changeId }) => `${version} ${changeId}`)).size).toBe(1);
      expect(new Set(found.map(({ state }) => JSON.stringify(state))).size).toBe(1);
      expect(await journal.readSince(campaignId, 0)).toHaveLength(1);
    });

    it('has what changed while it came into being, though nobody broadcast it', async () => {
      const sections = [
        { campaign: { version: 1, status: 'DRAFT' }, markets: { version: 10, count: 0 } },
        { campaign: { version: 2, status: 'OPEN' }, markets: { version: 20, count: 0 } },
      ];
      let reads = 0;
      const late = createManager({ readInitialState: async () => sections[Math.min(reads++, 1)]! });
      await late.read(campaignId);
      const shown = await until(
        () => late.read(campaignId),
        ({ version }) => version > 1,
      );
      expect(shown).toMatchObject({ version: 2, state: { campaign: sections[1]!.campaign, markets: { version: 10 } } });
      expect((await late.listHistory(campaignId, { limit: 1 }))[0]).toMatchObject({
        cause: 'synchronised',
        by: 'system',
      });
    });

    it.each([
      ['one that changed after one that did not', { version: 2, status: 'DRAFT' }, 2, 1],
      ['both', { version: 2, status: 'OPEN' }, 3, 2],
    ])('has of its sections %s', async (_case, campaign, version, campaignVersion) => {
      const before = { campaign: { version: 1, status: 'DRAFT' }, markets: { version: 10, count: 0 } };
      const after = { campaign, markets: { version: 20, count: 3 } };
      let reads = 0;
      const late = createManager({ readInitialState: async () => (reads++ === 0 ? before : after) });
      const shown = await until(
        () => late.read(campaignId),
        ({ state }) => (state['markets'] as { version: number }).version === 20,
      );
      expect(shown).toMatchObject({ version, state: { campaign: { version: campaignVersion } } });
    });

    it('stays as it is when the campaign is gone meanwhile', async () => {
      let reads = 0;
      const late = createManager({ readInitialState: async () => (reads++ === 0 ? initial : null) });
      expect(await late.read(campaignId)).toMatchObject({ version: 1, state: initial });
      await until(
        () => reads,
        count => count > 1,
      );
      await late.stop();
      expect([said, await stateOf()]).toEqual([[], initial]);
    });

    it('must exist', async () => {
      const none = createManager({ readInitialState: async () => null });
      await expect(none.read(campaignId)).rejects.toThrow(CampaignNotFoundError);
      await expect(write(update({}), {}, none)).rejects.toThrow(CampaignNotFoundError);
      expect(await journal.readHead(campaignId)).toBeNull();
      expect(none.summarize().campaigns).toBe(0);
    });
  });

  describe('a write', () => {
    it('makes a version, which the journal has when it is acknowledged', async () => {
      const acknowledged = await write(update({ title: 'Next', hero: { text: 'x' } }));
      expect(acknowledged).toMatchObject({ version: 2, outcome: 'committed' });
      const found = await journal.readAt(campaignId, 2);
      expect(found).toMatchObject({ _id: acknowledged.changeId, changes: [{ by: 'user-1', cause: 'update' }] });
      expect(await stateOf()).toEqual({ ...initial, title: 'Next', hero: { text: 'x' } });
      expect(await stateOf(createManager())).toEqual(await stateOf());
    });

    it('that changes nothing is a version as well', async () => {
      expect(await write(update({}))).toMatchObject({ version: 2 });
      expect((await journal.readAt(campaignId, 2))?.changes[0]?.patch).toBe('{}');
    });

    it('is recorded as the difference that it made, not as it came', async () => {
      await write(update({ a: { b: 1, c: 2 } }));
      await write(update({ title: 'New', a: { b: 1, c: null, d: null }, gone: null }));
      expect((await journal.readAt(campaignId, 3))?.changes[0]?.patch).toBe('{"a":{"c":null}}');
    });

    it('is refused when so many wait, and for so long, that it would be late', async () => {
      let nowMs = 0;
      let open: () => void = () => undefined;
      const opened = new Promise<void>(resolve => (open = resolve));
      const held: StateJournalDatastore = {
        ...journal,
        append: (document, options) => opened.then(() => journal.append(document, options)),
      };
      await stateOf();
      const slow = createManager({ journal: held, timer: { now: () => nowMs, wait: () => Promise.resolve() } });
      const waiting = Array.from({ length: 511 }, () => write(update({}), {}, slow));
      await until(
        () => slow.summarize().pending,
        pending => pending === 511,
      );
      nowMs = 51;
      const last = write(update({}), { eventId: 'the-last' }, slow);
      await until(
        () => slow.summarize().pending,
        pending => pending === 512,
      );
      await expect(write(update({}), {}, slow)).rejects.toThrow(ServiceUnavailableError);
      // Too much is refused before it is looked at; what waits already is not sent again for nothing.
      await expect(write(update(null as never), {}, slow)).rejects.toThrow(ServiceUnavailableError);
      const again = write(update({}), { eventId: 'the-last' }, slow);
      // Many, and none of them for long.
      nowMs = 50;
      const another = write(update({}), {}, slow);
      await until(
        () => slow.summarize().pending,
        pending => pending === 513,
      );
      open();
      expect(await Promise.all([...waiting, last, another])).toHaveLength(513);
      expect(await again).toEqual({ ...(await last), outcome: 'repeated' });
      await throwIfBroken();
    });

    it('shares a document of the journal with those that wait at the same time', async () => {
      await manager.read(campaignId);
      const acknowledged = await Promise.all(
        Array.from({ length: 300 }, (_none, at) => write(update({ [`k${at}`]: at }))),
      );
      expect(acknowledged.map(({ version }) => version)).toEqual(Array.from({ length: 300 }, (_none, at) => at + 2));
      const documents = await journal.readSince(campaignId, 1);
      expect(documents.length).toBeLessThan(100);
      expect(Math.max(...documents.map(({ changes }) => changes.length))).toBeLessThanOrEqual(128);
      await throwIfBroken();
    });

    it('goes into the next document when it is too large for this one', async () => {
      await manager.read(campaignId);
      const texts = Array.from({ length: 40 }, (_none, at) => String(at % 10).repeat(60_000));
      await Promise.all(texts.map(text => write(update({ text }))));
      const documents = await journal.readSince(campaignId, 1);
      const sizes = documents.map(({ changes }) => changes.reduce((sum, { patch }) => sum + patch.length, 0));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
      expect(documents.length).toBeLessThan(40);
      await throwIfBroken();
    });

    it('does several operations as one version, all or none', async () => {
      const feature = { kind: 'feature', action: 'add', features: ['referral'] } as const;
      expect(
        await write({ kind: 'batch', operations: [{ kind: 'update', updates: { a: 1 } }, feature] }),
      ).toMatchObject({ version: 2 });
      expect(await stateOf()).toMatchObject({ a: 1, features: ['waitlist', 'referral'] });
      const bad = { kind: 'update', updates: { features: 'none' } } as const;
      await expect(write({ kind: 'batch', operations: [{ kind: 'update', updates: { a: 2 } }, bad] })).rejects.toThrow(
        ValidationError,
      );
      expect(await manager.read(campaignId)).toMatchObject({ version: 2, state: { a: 1 } });
    });

    it('needs the permission for what it touches', async () => {
      const actor = {
        userId: 'u',
        supreme: false,
        campaigns: new Map([[campaignId, new Set(['state:update'] as const)]]),
        issuedAt: 0,
      };
      await expect(write(update({ title: 'x' }), { actor })).resolves.toMatchObject({ version: 2 });
      await expect(write(update({ title: 'x', scripts: {} }), { actor })).rejects.toThrow(UnauthorizedError);
      await expect(write(update({ campaign: {} }))).rejects.toThrow(ValidationError);
      expect((await manager.read(campaignId)).version).toBe(2);
    });

    it.each([{ eventId: '' }, { eventId: 'state:created' }, { expectedVersion: -1 }, { expectedVersion: 1.5 }])(
      'is refused when it is not well-formed: %j',
      async request => {
        await expect(write(update({}), request)).rejects.toThrow(ValidationError);
      },
    );

    it('is refused when the state would be too large, which changes nothing, and may make it smaller', async () => {
      const part = 'x'.repeat(60_000);
      for (const key of ['a', 'b', 'c', 'd']) await write(update({ [key]: part }));
      await expect(write(update({ e: part }))).rejects.toThrow(PayloadTooLargeError);
      const both = await Promise.allSettled([
        write(update({ e: part })),
        write(update({ a: null })),
        write(update({ e: part })),
      ]);
      expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
      await throwIfBroken();
    });

    it('is not altered through what it was given, and alters no state that somebody has', async () => {
      const updates = { list: [{ a: 1 }], deep: { b: { c: 1 } } };
      await write(update(updates));
      updates.list[0] = { a: 2 };
      const before = await manager.read(campaignId);
      const text = JSON.stringify(before.state);
      await Promise.all([
        write(update({ deep: { b: { c: 2 } } })),
        write(update({ deep: { b: { d: 3 } }, list: null })),
      ]);
      expect(JSON.stringify(before.state)).toBe(text);
      expect(before.state).toMatchObject({ list: [{ a: 1 }] });
      expect(await stateOf()).toMatchObject({ deep: { b: { c: 2, d: 3 } } });
    });
  });

  describe('a write that expects a version', () => {
    it('is refused at another one, with what brings the sender up to date', async () => {
      await write(update({ a: 1 }));
      await write(update({ a: 2 }));
      const error = await write(update({ a: 3 }), { expectedVersion: 1 }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(VersionMismatchError);
      expect(error).toMatchObject({
        currentVersion: 3,
        catchUp: {
          kind: 'replay',
          changes: [
            { version: 2, patch: '{"a":1}' },
            { version: 3, patch: '{"a":2}' },
          ],
        },
      });
      const tooOld = await write(update({ a: 3 }), { expectedVersion: 0 }).catch((thrown: unknown) => thrown);
      expect(tooOld).toBeInstanceOf(StateVersionMismatchError);
      expect(tooOld).toMatchObject({ catchUp: { kind: 'snapshot', version: 3, state: { a: 2 } } });
      await expect(write(update({ a: 3 }), { expectedVersion: 4 })).rejects.toMatchObject({ currentVersion: 3 });
      expect(await write(update({ a: 3 }), { expectedVersion: 3 })).toMatchObject({ version: 4 });
    });

    it('lets one of many pass', async () => {
      const others = [manager, createManager()];
      await Promise.all(others.map(one => one.read(campaignId)));
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_none, at) =>
          write(update({ winner: at }), { expectedVersion: 1 }, others[at % 2]),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(VersionMismatchError);
      expect((await journal.readHead(campaignId))?.version).toBe(2);
    });

    it('finds a version that another instance made', async () => {
      const other = createManager();
      await Promise.all([manager.read(campaignId), other.read(campaignId)]);
      const { version } = await write(update({ a: 1 }), {}, other);
      expect(await write(update({ b: 1 }), { expectedVersion: version })).toMatchObject({ version: 3 });
    });

    it('is acknowledged again when it is repeated, though the version is another now', async () => {
      const eventId = randomUUID();
      const first = await write(update({ a: 1 }), { eventId, expectedVersion: 1 });
      // Longer ago than an instance remembers that has just been started.
      for (let at = 0; at < 12; at++) await write(update({ a: 2 }));
      for (const one of [manager, createManager()]) {
        expect(await write(update({ a: 1 }), { eventId, expectedVersion: 1 }, one)).toEqual({
          ...first,
          outcome: 'repeated',
        });
      }
    });
  });

  describe('a repeat', () => {
    it('is acknowledged with the version that it had: at once, later, on another instance', async () => {
      const eventId = randomUUID();
      const [first, second] = await Promise.all([
        write(update({ a: 1 }), { eventId }),
        write(update({ a: 1 }), { eventId }),
      ]);
      expect([first?.outcome, second?.outcome, second?.version]).toEqual(['committed', 'repeated', first?.version]);
      for (const one of [manager, createManager()]) {
        expect(await write(update({ a: 1 }), { eventId }, one)).toEqual({ ...first, outcome: 'repeated' });
      }
      expect((await journal.readHead(campaignId))?.version).toBe(2);
    });

    it('is found in the journal when the memory has forgotten it, and holds up nobody else', async () => {
      const eventId = randomUUID();
      const first = await write(update({ a: 1 }), { eventId });
      for (let at = 0; at < 12; at++) await Promise.all(Array.from({ length: 120 }, () => write(update({ n: at }))));
      for (const one of [manager, createManager()]) {
        const [again, other] = await Promise.all([
          write(update({ a: 1 }), { eventId }, one),
          write(update({ b: 1 }), {}, one),
        ]);
        expect([again, other?.outcome]).toEqual([{ ...first, outcome: 'repeated' }, 'committed']);
      }
      await throwIfBroken();
    });

    it('with another body is refused', async () => {
      const eventId = randomUUID();
      const first = write(update({ a: 1 }), { eventId });
      await expect(write(update({ a: 2 }), { eventId })).rejects.toThrow(IdempotencyKeyReusedError);
      await first;
      for (const one of [manager, createManager()]) {
        await expect(write(update({ a: 2 }), { eventId }, one)).rejects.toThrow(IdempotencyKeyReusedError);
      }
      await expect(write(update({ a: 1 }), { eventId, campaignId: createId() })).resolves.toMatchObject({ version: 2 });
    });
  });

  describe('several instances', () => {
    it('make one order of all writes, each exactly once', async () => {
      const instances = [manager, createManager(), createManager()];
      const views = instances.map(() => createStateView());
      await Promise.all(instances.map((one, at) => one.subscribe(campaignId, views[at]!.listener)));
      const acknowledged = await Promise.all(
        Array.from({ length: 90 }, async (_none, at) => {
          if (at % 3 === 0) await new Promise(resolve => setImmediate(resolve));
          return write(update({ [`k${at % 7}`]: at }), {}, instances[at % 3]);
        }),
      );
      expect(acknowledged.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 90 }, (_none, at) => at + 2),
      );
      for (const one of instances) one.onNews(campaignId, 91);
      for (const [at, view] of views.entries()) {
        await until(
          () => view.version,
          version => version === 91,
        );
        expect(view.faults).toEqual([]);
        expect(view.state).toEqual(await stateOf(instances[at]));
        expect(view.state).toEqual((await readState({ journal, snapshots }, campaignId))?.state);
      }
      await throwIfBroken();
    });

    it('tell what they committed, and find by a poll what they were not told', async () => {
      const news: JournalDocument[] = [];
      const other = createManager({ onCommitted: document => news.push(document) });
      const view = createStateView();
      await manager.subscribe(campaignId, view.listener);
      const made = [await write(update({ a: 1 }), {}, other), await write(update({ a: 2 }), {}, other)];
      expect(news).toEqual(await journal.readSince(campaignId, 1));
      expect(news.map(({ to, _id }) => [to, _id])).toEqual(made.map(({ version, changeId }) => [version, changeId]));
      expect(view.version).toBe(1);
      await manager.poll();
      await until(
        () => view.version,
        version => version === 3,
      );
      expect(view.faults).toEqual([]);
    });

    it('find by polls, in turn, what was written at another time by the clock of the one that wrote it', async () => {
      const other = createManager();
      const clock = (): Date => new Date(Date.now() + 3_600_000);
      const ahead = createManager({ clock, options: { pollChecks: 1 } });
      const followed = [campaignId, createId()];
      const views = followed.map(() => createStateView());
      for (const [at, view] of views.entries()) await ahead.subscribe(followed[at] ?? '', view.listener);
      for (const one of followed) await write(update({ a: 1 }), { campaignId: one }, other);
      await ahead.poll();
      expect(views.map(({ version }) => version)).toEqual([2, 1]);
      await ahead.poll();
      expect(views.map(({ version }) => version)).toEqual([2, 2]);
      expect(views.map(({ faults }) => faults)).toEqual([[], []]);
    });

    it('read of the journal, once, what news tells of, and nothing for what they have', async () => {
      const asked: string[] = [];
      const reader = createManager({
        journal: {
          ...journal,
          readSince: (...args) => (asked.push('since'), journal.readSince(...args)),
          readHead: (...args) => (asked.push('head'), journal.readHead(...args)),
        },
      });
      const view = createStateView();
      await reader.subscribe(campaignId, view.listener);
      asked.length = 0;
      const { version, changeId } = await write(update({ a: 1 }));
      for (let times = 0; times < 3; times++) reader.onNews(campaignId, version, changeId);
      await until(
        () => view.version,
        seen => seen === version,
      );
      for (const known of [version, version - 1]) reader.onNews(campaignId, known, changeId);
      await write(update({ b: 1 }), {}, reader);
      expect(asked).toEqual(['since']);
      expect(view.versions).toEqual([-1, 2, 3]);
    });

    describe('that are told of documents with the news', () => {
      let asked: string[];
      let taken: string[];
      let documents: JournalDocument[];
      let writer: CampaignStateManager;
      let reader: CampaignStateManager;
      let view: ReturnType<typeof createStateView>;
      let whenRead: () => Promise<void>;
      /** How far the clock of the reader is off. */
      let offsetMs: number;
      beforeEach(async () => {
        [asked, taken, documents, view, offsetMs] = [[], [], [], createStateView(), 0];
        whenRead = async () => undefined;
        writer = createManager({ onCommitted: document => documents.push(document) });
        reader = createManager({
          journal: {
            ...journal,
            async readSince(...args) {
              asked.push('since');
              await whenRead();
              return journal.readSince(...args);
            },
            readHead: (...args) => (asked.push('head'), journal.readHead(...args)),
          },
          observer: { onTaken: from => taken.push(from) },
          clock: () => new Date(Date.now() + offsetMs),
        });
        await reader.subscribe(campaignId, view.listener);
        asked.length = 0;
      });
      const tell = (document: JournalDocument, read = () => document): void =>
        reader.onNews(campaignId, document.to, document._id, read);
      const seen = (last: number) =>
        until(
          () => view.version,
          version => version === last,
        );

      it('take them, and read nothing', async () => {
        for (let at = 0; at < 3; at++) await write(update({ at, [`k${at}`]: at }), {}, writer);
        for (const document of documents) tell(document);
        await seen(4);
        expect([view.versions, view.faults, view.state]).toEqual([[-1, 2, 3, 4], [], await stateOf(writer)]);
        expect(reader.inspect(campaignId)?.stateBytes).toBe(measureJson(view.state));
        // What is written next comes after them.
        expect(await write(update({ b: 1 }), {}, reader)).toMatchObject({ version: 5, outcome: 'committed' });
        const { eventId } = documents[1]!.changes[0]!;
        await expect(write(update({ other: 1 }), { eventId }, reader)).rejects.toThrow(IdempotencyKeyReusedError);
        expect([asked, taken]).toEqual([[], ['news', 'news', 'news']]);
      });

      it('take none that they have, and do not look at it', async () => {
        await write(update({ a: 1 }), {}, writer);
        tell(documents[0]!);
        await seen(2);
        const looked: string[] = [];
        tell(documents[0]!, () => (looked.push('again'), documents[0]!));
        await write(update({ b: 1 }), {}, reader);
        expect([looked, view.versions, asked]).toEqual([[], [-1, 2, 3], []]);
      });

      it('read the journal where one is missing, or none is brought', async () => {
        for (let at = 0; at < 3; at++) await write(update({ at }), {}, writer);
        tell(documents[1]!);
        await seen(4);
        expect([view.versions, view.faults, asked]).toEqual([[-1, 2, 3, 4], [], ['since']]);
        await write(update({ a: 1 }), {}, writer);
        const { to, _id } = documents[3]!;
        reader.onNews(campaignId, to, _id, () => undefined);
        await seen(5);
        expect([view.versions, asked, taken]).toEqual([
          [-1, 2, 3, 4, 5],
          ['since', 'since'],
          Array.from({ length: 4 }, () => 'journal'),
        ]);
      });

      it('keep a few until what is under way has ended, and read the rest', async () => {
        let goOn = (): void => undefined;
        const gate = new Promise<void>(resolve => (goOn = resolve));
        for (let at = 0; at < 20; at++) await write(update({ at }), {}, writer);
        whenRead = () => gate;
        const { to, _id } = documents[0]!;
        reader.onNews(campaignId, to, _id);
        let looked = 0;
        for (const document of documents) tell(document, () => ((looked += 1), document));
        expect([looked, view.version]).toEqual([8, 1]);
        goOn();
        await seen(21);
        expect([view.versions.length, view.faults]).toEqual([21, []]);
      });

      it.each(['older than ten seconds', 'of a time to come'])('read the journal for one that is %s', async when => {
        await write(update({ a: 1 }), {}, writer);
        const sign = when === 'of a time to come' ? -1 : 1;
        offsetMs = sign * 10_500;
        tell(documents[0]!);
        await seen(2);
        await write(update({ a: 2 }), {}, writer);
        offsetMs = sign * 9_500;
        tell(documents[1]!);
        await seen(3);
        expect([taken, view.versions, view.faults]).toEqual([['journal', 'news'], [-1, 2, 3], []]);
      });

      it('read the journal for one that was written before they looked at its end', async () => {
        await write(update({ a: 1 }), {}, writer);
        const { version } = await write(update({ lost: true }), {}, writer);
        // It comes late, and history was lost meanwhile.
        await open.store
          .collection({ name: 'campaign_state_journal', ids: ['_id', 'campaignId'], indexes: [] })
          .deleteMany({ campaignId, from: version });
        await new Promise(resolve => setTimeout(resolve, 2));
        await reader.verify(campaignId);
        expect(view.version).toBe(2);
        tell(documents[1]!);
        await write(update({ b: 1 }), {}, reader);
        expect([view.versions, view.state]).toEqual([[-1, 2, 3], { ...initial, a: 1, b: 1 }]);
        await throwIfBroken();
      });

      it('build upon them what waits to be written', async () => {
        let goOn = (): void => undefined;
        const gate = new Promise<void>(resolve => (goOn = resolve));
        whenRead = () => gate;
        reader.onNews(campaignId, 9);
        const waiting = write(update({ mine: 1 }), {}, reader);
        await write(update({ a: 1 }), {}, writer);
        tell(documents[0]!);
        goOn();
        expect(await waiting).toMatchObject({ version: 3, outcome: 'committed' });
        expect([view.versions, view.faults]).toEqual([[-1, 2, 3], []]);
        await throwIfBroken();
      });
    });

    it('know how large a state is that another one changed', async () => {
      const other = createManager();
      await Promise.all([manager.read(campaignId), other.read(campaignId)]);
      await write(update({ text: 'x'.repeat(500) }), {}, other);
      await manager.verify(campaignId);
      expect(manager.inspect(campaignId)?.stateBytes).toBe(measureJson((await manager.read(campaignId)).state));
    });

    it('miss no news that comes while the journal is read', async () => {
      let meanwhile = async (): Promise<void> => undefined;
      const reader = createManager({
        journal: {
          ...journal,
          async readHead(id) {
            const head = await journal.readHead(id);
            await meanwhile();
            return head;
          },
        },
      });
      const view = createStateView();
      await reader.subscribe(campaignId, view.listener);
      meanwhile = async () => {
        meanwhile = async () => undefined;
        const { version, changeId } = await write(update({ a: 1 }));
        reader.onNews(campaignId, version, changeId);
      };
      // What nobody has: the journal is read to its end, and meanwhile there is more.
      reader.onNews(campaignId, 1_000);
      await until(
        () => view.version,
        version => version === 2,
      );
      expect(view.faults).toEqual([]);
    });

    it('look at the journal when news tells of another history, and believe it alone', async () => {
      const view = createStateView();
      await manager.subscribe(campaignId, view.listener);
      const { version, changeId } = await write(update({ a: 1 }));
      manager.onNews(campaignId, version, createId());
      await write(update({ b: 1 }));
      expect([view.versions, await manager.verify(campaignId)]).toEqual([[-1, 2, 3], true]);
      // A backup is brought back, and another instance goes on from there.
      const collection = open.store.collection({
        name: 'campaign_state_journal',
        ids: ['_id', 'campaignId'],
        indexes: [],
      });
      await collection.deleteMany({ campaignId, from: { $gte: version } });
      const other = createManager();
      await write(update({ other: 1 }), {}, other);
      const last = await write(update({ other: 2 }), {}, other);
      expect(last.changeId).not.toBe(changeId);
      manager.onNews(campaignId, last.version, last.changeId);
      await until(
        () => view.state,
        state => (state as { other?: number } | undefined)?.other === 2,
      );
      expect(view.state).toEqual(await stateOf(other));
    });
  });

  describe('a subscriber', () => {
    it('gets a snapshot, then each version once and in order, each batch as one', async () => {
      const view = createStateView();
      await write(update({ a: 0 }));
      await manager.subscribe(campaignId, view.listener);
      await Promise.all([1, 2, 3].map(a => write(update({ a }))));
      expect(view.versions).toEqual([-2, 3, 4, 5]);
      expect(view.events.map(({ kind }) => kind)).toEqual(['snapshot', 'batch']);
      expect(view.state).toMatchObject({ a: 3 });
    });

    it('gets nothing after it has left, nor when it leaves in the midst of a batch', async () => {
      const views = [createStateView(), createStateView()];
      const second = await manager.subscribe(campaignId, views[0]!.listener);
      await manager.subscribe(campaignId, () => second.unsubscribe());
      const third = await manager.subscribe(campaignId, views[1]!.listener);
      third.unsubscribe();
      await write(update({ a: 1 }));
      await write(update({ a: 2 }));
      expect(views.map(({ versions }) => versions)).toEqual([[-1], [-1]].map(versions => versions));
    });

    it('that throws disturbs nobody', async () => {
      const view = createStateView();
      await manager.subscribe(campaignId, () => {
        throw new Error('broken');
      });
      await manager.subscribe(campaignId, view.listener);
      await write(update({ a: 1 }));
      expect([view.version, said]).toEqual([2, ['state.listener.failed', 'state.listener.failed']]);
    });

    it.each([
      ['from memory', 0],
      ['from the journal', 1],
    ])('that comes back gets what it missed, %s', async (_name, isFresh) => {
      const [first, second, third] = [createStateView(), createStateView(), createStateView()];
      const left = await manager.subscribe(campaignId, first.listener);
      await Promise.all([write(update({ a: 1 })), write(update({ a: 2 }))]);
      left.unsubscribe();
      for (let at = 0; at < 20; at++) await write(update({ b: at }));
      const on = isFresh === 0 ? manager : createManager();
      const view = createStateView(first);
      await on.subscribe(campaignId, view.listener, { since: first });
      expect(view.events[0]).toMatchObject({ kind: 'replay' });
      expect(view.versions).toEqual(Array.from({ length: 20 }, (_none, at) => at + 4));
      await write(update({ c: 1 }), {}, on);
      expect([view.faults, view.state]).toEqual([[], await stateOf(on)]);
      // In the midst of a document, and up to date.
      await on.subscribe(campaignId, second.listener, { since: { ...first, version: 2 } });
      expect(second.versions[0]).toBe(3);
      await on.subscribe(campaignId, third.listener, { since: view });
      expect(third.events).toMatchObject([{ kind: 'replay', changes: [] }]);
    });

    it('gets a snapshot for a cursor of another history, of the future, or too far back', async () => {
      const { changeId } = await write(update({ a: 1 }));
      await write(update({ a: 2 }));
      const cursors = [
        { version: 2, changeId: createId() },
        { version: 3, changeId },
        { version: 9, changeId },
        { version: 0, changeId: '' },
        { version: -1, changeId },
      ];
      for (const one of [manager, createManager()]) {
        for (const since of cursors) {
          const view = createStateView();
          await one.subscribe(campaignId, view.listener, { since });
          expect(view.versions).toEqual([-3]);
        }
      }
      for (let at = 0; at < 12; at++) await write(update({ n: at }));
      const other = createStateView();
      await createManager().subscribe(campaignId, other.listener, { since: { version: 3, changeId: createId() } });
      expect(other.events.map(({ kind }) => kind)).toEqual(['snapshot']);
      for (let at = 0; at < 6; at++) await Promise.all(Array.from({ length: 100 }, () => write(update({ n: at }))));
      const far = createStateView();
      await manager.subscribe(campaignId, far.listener, { since: { version: 2, changeId } });
      expect(far.events.map(({ kind }) => kind)).toEqual(['snapshot']);
    });

    it('that comes from a faster instance gets what that one had not given it', async () => {
      const other = createManager();
      const view = createStateView();
      await manager.read(campaignId);
      await other.subscribe(campaignId, view.listener);
      await write(update({ a: 1 }), {}, other);
      const back = createStateView(view);
      await manager.subscribe(campaignId, back.listener, { since: view });
      expect(back.events).toMatchObject([{ kind: 'replay', changes: [] }]);
      await write(update({ a: 2 }));
      expect(back.versions).toEqual([3]);
    });

    it('does not join when it has gone meanwhile', async () => {
      const view = createStateView();
      const joining = manager.subscribe(campaignId, view.listener, { signal: AbortSignal.abort() });
      await expect(joining).rejects.toThrow('aborted');
      expect([view.events, manager.inspect(campaignId)?.subscribers]).toEqual([[], 0]);
    });

    it('can let events go and take a snapshot later', async () => {
      const view = createStateView();
      const subscription = await manager.subscribe(campaignId, view.listener);
      await write(update({ a: 1 }));
      expect(subscription.snapshot()).toMatchObject({
        kind: 'snapshot',
        version: 2,
        changeId: view.changeId,
        state: { a: 1 },
      });
    });

    it('misses nothing while it joins under a load of writes', async () => {
      const views = Array.from({ length: 20 }, () => createStateView());
      await manager.read(campaignId);
      const writing = (async () => {
        for (let at = 0; at < 40; at++) await Promise.all([write(update({ at })), write(update({ [`k${at}`]: 1 }))]);
      })();
      for (const [at, view] of views.entries()) {
        const since = at % 2 === 0 ? undefined : views[at - 1];
        await manager.subscribe(campaignId, createForward(view, since), { since });
        await new Promise(resolve => setImmediate(resolve));
      }
      await writing;
      for (const view of views) expect([view.version, view.faults, view.state]).toEqual([81, [], await stateOf()]);
    });

    /** Lets a view begin where another one was when it joined. */
    function createForward(
      view: ReturnType<typeof createStateView>,
      from: ReturnType<typeof createStateView> | undefined,
    ) {
      if (from !== undefined)
        Object.assign(view, { state: from.state, version: from.version, changeId: from.changeId });
      return view.listener;
    }
  });

  describe('the past', () => {
    it('can be read, listed and brought back', async () => {
      await write(update({ a: 1 }), { by: 'user-2' });
      await Promise.all([write(update({ a: 2 })), write(update({ title: null }))]);
      await manager.writeSection({
        campaignId,
        changeId: randomUUID(),
        section: 'campaign',
        content: { version: 2, status: 'OPEN' },
        cause: 'campaign.status',
      });
      expect(await manager.read(campaignId, 2)).toMatchObject({ version: 2, state: { ...initial, a: 1 } });
      expect(
        (await manager.listHistory(campaignId, { limit: 2 })).map(({ version, cause }) => [version, cause]),
      ).toEqual([
        [5, 'campaign.status'],
        [4, 'update'],
      ]);
      expect(
        (await manager.listHistory(campaignId, { before: 4, limit: 10 })).map(({ version, by }) => [version, by]),
      ).toEqual([
        [3, 'user-1'],
        [2, 'user-2'],
        [1, 'system'],
      ]);
      expect(await write({ kind: 'rollback', toVersion: 2 })).toMatchObject({ version: 6 });
      expect(await stateOf()).toEqual({ ...initial, a: 1, campaign: { version: 2, status: 'OPEN' } });
    });

    it('is listed without a gap, however much of the journal that takes', async () => {
      for (let at = 0; at < 40; at += 1) await write(update({ at }));
      const versions = (await manager.listHistory(campaignId, { limit: 100 })).map(({ version }) => version);
      expect(versions).toEqual(Array.from({ length: 41 }, (_none, at) => 41 - at));
    });

    it('is gone where the journal has forgotten it', async () => {
      await manager.read(campaignId);
      for (const version of [0, 2, 99])
        await expect(manager.read(campaignId, version)).rejects.toThrow(StateVersionNotFoundError);
      await expect(write({ kind: 'rollback', toVersion: 7 })).rejects.toThrow(StateVersionNotFoundError);
    });
  });

  describe('what the service says of a campaign', () => {
    const section = (version: number, changeId = randomUUID()) =>
      manager.writeSection({
        campaignId,
        changeId,
        section: 'campaign',
        content: { version, status: `S${version}`, gone: null },
        cause: 'campaign.status',
      });

    it('is written under the id of the change, once', async () => {
      await manager.read(campaignId);
      const changeId = randomUUID();
      expect(await section(5, changeId)).toMatchObject({ version: 2, outcome: 'committed' });
      expect(await section(5, changeId)).toMatchObject({ version: 2, outcome: 'repeated' });
      expect(await stateOf()).toMatchObject({ campaign: { version: 5, status: 'S5' } });
      expect(((await stateOf()) as { campaign: object }).campaign).not.toHaveProperty('gone');
    });

    it('is never replaced by something older', async () => {
      await manager.read(campaignId);
      const outcomes = await Promise.all([section(5), section(4), section(7), section(6)]);
      expect(outcomes.map(one => [one?.outcome, one?.version])).toEqual([
        ['committed', 2],
        ['superseded', 3],
        ['committed', 3],
        ['superseded', 3],
      ]);
      expect(await stateOf()).toMatchObject({ campaign: { version: 7 } });
    });

    it('is not written for a campaign that was never live, and is for one that only the journal knows', async () => {
      expect(await section(5)).toBeNull();
      expect(await journal.readHead(campaignId)).toBeNull();
      await createManager().read(campaignId);
      expect(await section(5)).toMatchObject({ version: 2 });
    });
  });

  describe('snapshots', () => {
    it('are written every so many versions, and spare a load what came before', async () => {
      const often = createManager({ options: { snapshotEveryVersions: 10, snapshotPauseMs: 0 } });
      for (let at = 0; at < 25; at++) await write(update({ [`k${at}`]: at }), {}, often);
      await often.stop();
      expect(await snapshots.listVersions(campaignId)).toEqual([10, 20]);
      await journal.removeUntil(campaignId, 20);
      expect(await stateOf()).toMatchObject({ k0: 0, k24: 24 });
      await throwIfBroken();
    });

    it('are written some time after a change at the latest', async () => {
      const soon = createManager({ options: { snapshotAfterMs: 0 } });
      soon.start();
      await write(update({ a: 1 }), {}, soon);
      await until(
        () => snapshots.listVersions(campaignId),
        versions => versions.length > 0,
      );
      expect(await snapshots.findLatest(campaignId)).toMatchObject({
        version: 2,
        state: JSON.stringify({ ...initial, a: 1 }),
      });
    });
  });

  describe('the memory', () => {
    it('lets go of the longest unused campaigns, but not of those with subscribers', async () => {
      const small = createManager({ options: { maxCampaigns: 3 } });
      const ids = Array.from({ length: 6 }, () => createId());
      const view = createStateView();
      await small.subscribe(ids[0]!, view.listener);
      for (const id of ids.slice(1)) await write(update({ a: 1 }), { campaignId: id }, small);
      expect(ids.map(id => small.inspect(id) !== undefined)).toEqual([true, false, false, false, true, true]);
      expect(small.summarize()).toMatchObject({ campaigns: 3, subscribers: 1, pending: 0 });
      expect(await write(update({ a: 2 }), { campaignId: ids[1]! }, small)).toMatchObject({ version: 3 });
      await write(update({ a: 3 }), { campaignId: ids[0]! }, small);
      expect(view.versions).toEqual([-1, 2]);
    });

    it('loads a campaign once for all who ask', async () => {
      let reads = 0;
      const counting = createManager({
        readInitialState: async () => {
          reads += 1;
          return initial;
        },
      });
      await Promise.all(Array.from({ length: 20 }, () => counting.read(campaignId)));
      // Once to begin with, and once to see whether anything changed meanwhile.
      expect(reads).toBe(2);
    });

    it('tries again to load what could not be loaded', async () => {
      let failures = 1;
      const flaky = createManager({
        readInitialState: async () => {
          if (failures-- > 0) throw new ServiceUnavailableError('test');
          return initial;
        },
      });
      await expect(flaky.read(campaignId)).rejects.toThrow(ServiceUnavailableError);
      expect((await flaky.read(campaignId)).version).toBe(1);
    });

    it('says what it holds', async () => {
      await write(update({ features: ['a', 'b'], n: 1 }));
      expect(manager.inspect(campaignId)).toMatchObject({
        version: 2,
        subscribers: 0,
        pending: 0,
        stateKeys: 4,
        activeFeatures: 2,
      });
      expect(manager.inspect(createId())).toBeUndefined();
    });
  });

  describe('a database that fails', () => {
    it('keeps a write waiting until it is certain, and never loses it', async () => {
      let faults = 3;
      const insertedTwice: string[] = [];
      const shaky = createManager({
        journal: {
          ...journal,
          append: async (document, options) => {
            // The answer is lost, again and again, as a broken connection loses it.
            while (faults-- > 0) await journal.append(document);
            insertedTwice.push(document._id);
            return journal.append(document, options);
          },
        },
      });
      expect(await write(update({ a: 1 }), {}, shaky)).toMatchObject({ version: 2 });
      expect(insertedTwice.length).toBeGreaterThan(0);
      await throwIfBroken();
    });

    it('refuses what waits when it cannot be read, and goes on when it can', async () => {
      let isDown = false;
      const down = <R>(answer: () => Promise<R>): Promise<R> =>
        isDown ? Promise.reject(new ServiceUnavailableError('test')) : answer();
      const flaky = createManager({
        journal: { ...journal, readSince: (...given) => down(() => journal.readSince(...given)) },
      });
      await flaky.read(campaignId);
      await write(update({ a: 1 }));
      isDown = true;
      await expect(write(update({ b: 1 }), { expectedVersion: 2 }, flaky)).rejects.toThrow(ServiceUnavailableError);
      isDown = false;
      expect(await write(update({ b: 1 }), { expectedVersion: 2 }, flaky)).toMatchObject({ version: 3 });
      expect(said).toContain('state.journal.failed');
    });

    it('leaves undecided what it was told to give up, and says so', async () => {
      const stuck = createManager({
        journal: {
          ...journal,
          append: (document, { signal } = {}) =>
            document.from === 1
              ? journal.append(document)
              : new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new TimeoutError()))),
        },
      });
      await stuck.read(campaignId);
      const pending = write(update({ a: 1 }), {}, stuck);
      const settled = expect(pending).rejects.toThrow(TimeoutError);
      await until(
        () => stuck.inspect(campaignId)?.pending,
        count => count === 1,
      );
      await stuck.stop(1);
      await settled;
      await expect(write(update({ a: 1 }), {}, stuck)).rejects.toThrow(ServiceUnavailableError);
    });

    it('does not let a write wait for ever: what was sent is undecided, what was not is not written', async () => {
      let isStuck = true;
      const release: (() => void)[] = [];
      const slow = createManager({
        journal: {
          ...journal,
          append: async (document, options) => {
            if (isStuck && document.from > 1) await new Promise<void>(resolve => release.push(resolve));
            return journal.append(document, options);
          },
        },
        options: { writeTimeoutMs: 0 },
      });
      await slow.read(campaignId);
      const sent = write(update({ a: 1 }), {}, slow).catch((error: unknown) => error);
      await until(
        () => release.length,
        count => count === 1,
      );
      const waiting = write(update({ b: 1 }), {}, slow).catch((error: unknown) => error);
      slow.start();
      expect(await sent).toBeInstanceOf(TimeoutError);
      expect(await waiting).toBeInstanceOf(ServiceUnavailableError);
      isStuck = false;
      for (const resolve of release) resolve();
      // What was undecided has become a version.
      await until(
        () => slow.inspect(campaignId),
        info => info?.version === 2 && info.pending === 0,
      );
      expect((await slow.read(campaignId)).state).toEqual({ ...initial, a: 1 });
    });

    it('that lost the end of its history is believed: subscribers get what there is', async () => {
      const view = createStateView();
      await manager.subscribe(campaignId, view.listener);
      await write(update({ a: 1 }));
      const lost = () => write(update({ a: 2, more: 'lost' }), { eventId: 'lost' });
      await lost();
      expect(await manager.verify(campaignId)).toBe(true);
      const [first, , last] = await journal.readSince(campaignId, 0);
      await open.store
        .collection({ name: 'campaign_state_journal', ids: ['_id', 'campaignId'], indexes: [] })
        .deleteOne({ _id: last!._id });
      expect(await manager.verify(campaignId)).toBe(false);
      expect([view.versions, view.state]).toEqual([[-1, 2, 3, -2], { ...initial, a: 1 }]);
      expect(manager.inspect(campaignId)?.stateBytes).toBe(measureJson({ ...initial, a: 1 }));
      // Nobody is given what is not there any more, and what was lost can be sent again.
      const back = createStateView({ state: initial, version: 1, changeId: first!._id });
      await manager.subscribe(campaignId, back.listener, { since: back });
      expect(back.versions).toEqual([2]);
      expect(await lost()).toMatchObject({ version: 3, outcome: 'committed' });
      expect([view.state, back.state]).toEqual(Array(2).fill({ ...initial, a: 2, more: 'lost' }));
      await throwIfBroken();
    });
  });

  describe('a history that was lost and written anew, so that numbers fit', () => {
    const LOST = { ...initial, a: 1, lost: true };
    const appendAll = async (documents: readonly JournalDocument[]): Promise<void> => {
      for (const document of documents) expect(await journal.append(document)).toEqual({ isStored: true });
    };
    /** Has an instance make versions 2 and 3, and puts others in the place of version 3. */
    const lose = async (instance: CampaignStateManager, patches: readonly Record<string, unknown>[]) => {
      const view = createStateView();
      await instance.subscribe(campaignId, view.listener);
      await write(update({ a: 1 }), {}, instance);
      const { changeId } = await write(update({ lost: true }), {}, instance);
      await open.store
        .collection({ name: 'campaign_state_journal', ids: ['_id', 'campaignId'], indexes: [] })
        .deleteMany({ campaignId, from: { $gte: 3 } });
      const anew = buildLinkedDocuments(campaignId, await journal.readAt(campaignId, 2), patches);
      await appendAll(anew);
      return { view, anew, lostId: changeId };
    };
    const settled = async (view: ReturnType<typeof createStateView>, version: number) =>
      until(
        () => view.versions.at(-1),
        last => last === -version,
      );

    it('is not taken for that which follows, when news tell of it', async () => {
      const { view, anew } = await lose(manager, [{ anew: 3 }, { anew: 4 }]);
      manager.onNews(campaignId, 4, anew[1]!._id);
      await settled(view, 4);
      expect([view.versions, view.state]).toEqual([[-1, 2, 3, -4], { ...initial, a: 1, anew: 4 }]);
      expect(said).toEqual(['state.history.lost']);
      expect(await write(update({ b: 1 }))).toMatchObject({ version: 5, outcome: 'committed' });
      expect([view.state, view.faults]).toEqual([{ ...initial, a: 1, anew: 4, b: 1 }, []]);
      await throwIfBroken();
    });

    it('nor when news bring it', async () => {
      const { view, anew } = await lose(manager, [{ anew: 3 }, { anew: 4 }]);
      manager.onNews(campaignId, 4, anew[1]!._id, () => anew[1]!);
      await settled(view, 4);
      expect([view.versions, view.state]).toEqual([[-1, 2, 3, -4], { ...initial, a: 1, anew: 4 }]);
    });

    it('nor when a poll finds it', async () => {
      const { view } = await lose(manager, [{ anew: 3 }, { anew: 4 }]);
      await manager.poll();
      await settled(view, 4);
      expect([view.versions, view.state]).toEqual([[-1, 2, 3, -4], { ...initial, a: 1, anew: 4 }]);
    });

    it('nor when it comes first to where a version was to be', async () => {
      const { view } = await lose(manager, [{ anew: 3 }, { anew: 4 }]);
      expect(await write(update({ b: 1 }))).toMatchObject({ version: 5, outcome: 'committed' });
      expect(view.versions).toEqual([-1, 2, 3, -4, 5]);
      expect(view.state).toEqual({ ...initial, a: 1, anew: 4, b: 1 });
      await throwIfBroken();
    });

    it('is known by whoever is asked to look', async () => {
      await lose(manager, [{ anew: 3 }, { anew: 4 }]);
      expect(await manager.verify(campaignId)).toBe(false);
      expect(await manager.verify(campaignId)).toBe(true);
    });

    it('is not built upon a snapshot of the lost one', async () => {
      const { view, lostId } = await lose(manager, [{ anew: 3 }, { anew: 4 }]);
      await snapshots.write({ campaignId, version: 3, changeId: lostId, at: new Date(), state: JSON.stringify(LOST) });
      expect(await stateOf(createManager())).toEqual({ ...initial, a: 1, anew: 4 });
      await manager.poll();
      await settled(view, 4);
      expect(view.state).toEqual({ ...initial, a: 1, anew: 4 });
      expect((await manager.read(campaignId, 3)).state).toEqual({ ...initial, a: 1, anew: 3 });
    });

    it('is noticed where the next version begins within a document', async () => {
      const { view } = await lose(manager, []);
      const { _id } = (await journal.readAt(campaignId, 2))!;
      await appendAll([buildJournalDocument(campaignId, 3, [{ anew: 3 }, { anew: 4 }], { previousId: _id })]);
      await manager.poll();
      await settled(view, 4);
      expect(view.state).toEqual({ ...initial, a: 1, anew: 4 });
    });

    it('is not replayed across', async () => {
      const { anew } = await lose(
        manager,
        [...Array(12).keys()].map(at => ({ at })),
      );
      const since = { version: 1, changeId: (await journal.readAt(campaignId, 1))!._id };
      const [whole, torn] = [createStateView(), createStateView()];
      await createManager().subscribe(campaignId, whole.listener, { since });
      expect(whole.events[0]).toMatchObject({ kind: 'replay' });
      let isOther = false;
      const other = createManager({
        journal: {
          ...journal,
          async readSince(...args) {
            const documents = await journal.readSince(...args);
            if (!isOther) return documents;
            return documents.map(document =>
              document._id === anew[0]!._id ? { ...document, previousId: createId() } : document,
            );
          },
        },
      });
      await other.read(campaignId);
      isOther = true;
      await other.subscribe(campaignId, torn.listener, { since });
      expect(torn.events.map(({ kind }) => kind)).toEqual(['snapshot']);
    });

    it('takes documents that do not say what they were built upon for what follows', async () => {
      const { view } = await lose(manager, []);
      await appendAll([3, 4].map(from => buildJournalDocument(campaignId, from, [{ from }])));
      manager.onNews(campaignId, 4);
      await until(
        () => view.version,
        version => version === 4,
      );
      expect(view.versions).toEqual([-1, 2, 3, 4]);
      const fresh = createManager();
      expect(await stateOf(fresh)).toEqual({ ...initial, a: 1, from: 4 });
      await write(update({ b: 1 }), {}, fresh);
      const last = await journal.readAt(campaignId, 4);
      expect(await journal.readAt(campaignId, 5)).toMatchObject({ previousId: last?._id });
    });

    it('gets no snapshot of a version that was lost meanwhile', async () => {
      let goOn = (): void => undefined;
      const lost = new Promise<void>(resolve => (goOn = resolve));
      const holds: StateJournalDatastore['holds'] = async (...args) => {
        await lost;
        return journal.holds(...args);
      };
      const instance = createManager({
        journal: { ...journal, holds },
        options: { snapshotEveryVersions: 3, snapshotPauseMs: 0 },
      });
      const { view } = await lose(instance, [{ anew: 3 }]);
      goOn();
      await settled(view, 3);
      expect(view.state).toEqual({ ...initial, a: 1, anew: 3 });
      expect(said).toContain('state.snapshot.failed');
      expect((await snapshots.findLatest(campaignId))?.version ?? 0).toBeLessThan(3);
    });

    describe('and is written to by an instance that does not know', () => {
      let skippedMs: number;
      const timer = { ...systemTimer, now: () => systemTimer.now() + skippedMs };
      beforeEach(() => {
        skippedMs = 0;
      });
      const expected = { ...initial, a: 1, anew: 3, stray: 1 };
      /** Gives the instance, which has built version 4 upon the lost version 3, and one that knows better. */
      const stray = async (overrides: Partial<CampaignStateDependencies> = {}) => {
        const instance = createManager({ timer, ...overrides });
        const lost = await lose(instance, [{ anew: 3 }]);
        const other = createManager();
        const view = createStateView();
        await other.subscribe(campaignId, view.listener);
        skippedMs = 1000;
        const { changeId } = await write(update({ stray: 1 }), {}, instance);
        return { ...lost, instance, changeId, other: { manager: other, view } };
      };

      it('has that for all who read it, and is found broken', async () => {
        const { other, changeId, view, lostId, anew } = await stray();
        expect(view.state).toEqual({ ...LOST, stray: 1 });
        other.manager.onNews(campaignId, 4, changeId);
        await settled(other.view, 4);
        expect([other.view.versions, other.view.state]).toEqual([[-3, -4], expected]);
        expect(await stateOf(createManager())).toEqual(expected);
        expect((await verifyState({ journal, snapshots }, campaignId)).faults).toEqual([
          `${changeId}, from version 4, follows ${lostId}, and not ${anew[0]!._id}, which is before it.`,
        ]);
      });

      it('is found by that instance with the next poll', async () => {
        const { instance, view } = await stray();
        await instance.poll();
        await settled(view, 4);
        expect([view.versions, view.state]).toEqual([[-1, 2, 3, 4, -4], expected]);
        // It is looked for once.
        expect(await instance.verify(campaignId)).toBe(true);
        await write(update({ b: 1 }), {}, instance);
        expect([view.state, await instance.verify(campaignId)]).toEqual([{ ...expected, b: 1 }, true]);
      });

      it.each(['news of a version', 'news that bring it', 'a version that came first'])('or with %s', async reason => {
        const { instance, view, other } = await stray();
        const { version } = await write(update({ b: 1 }), {}, other.manager);
        const made = (await journal.readAt(campaignId, version))!;
        if (reason === 'news of a version') instance.onNews(campaignId, 5);
        else if (reason === 'news that bring it') instance.onNews(campaignId, 5, made._id, () => made);
        else await write(update({ c: 1 }), {}, instance);
        await until(
          () => view.versions.includes(-5),
          isMended => isMended,
        );
        expect(view.state).toEqual(await stateOf(createManager()));
      });

      it('or by itself, when it built upon what news had brought a while after it was written', async () => {
        let offsetMs = 0;
        const committed: JournalDocument[] = [];
        const instance = createManager({ timer, clock: () => new Date(Date.now() + offsetMs) });
        const other = createManager({ onCommitted: document => committed.push(document) });
        const view = createStateView();
        await instance.subscribe(campaignId, view.listener);
        await write(update({ a: 1 }), {}, instance);
        await write(update({ lost: true }), {}, other);
        [skippedMs, offsetMs] = [5_000, 5_000];
        instance.onNews(campaignId, 3, committed[0]!._id, () => committed[0]!);
        await until(
          () => view.version,
          version => version === 3,
        );
        await open.store
          .collection({ name: 'campaign_state_journal', ids: ['_id', 'campaignId'], indexes: [] })
          .deleteMany({ campaignId, from: { $gte: 3 } });
        await appendAll(buildLinkedDocuments(campaignId, await journal.readAt(campaignId, 2), [{ anew: 3 }]));
        await write(update({ stray: 1 }), {}, instance);
        expect(view.state).toEqual({ ...LOST, stray: 1 });
        await instance.verify(campaignId);
        await settled(view, 4);
        expect(view.state).toEqual(expected);
      });

      it('or by itself, when it has written for long and read nothing', async () => {
        const { instance, view } = await stray();
        for (let at = 0; at < 15; at++) {
          expect(view.versions).not.toContain(-4 - at);
          skippedMs += 1000;
          await write(update({ at }), {}, instance);
        }
        await settled(view, 19);
        expect(view.state).toEqual({ ...expected, at: 14 });
      });

      it('is believed by itself where its versions are missing alone, and found broken', async () => {
        const instance = createManager({ timer });
        const { view } = await lose(instance, []);
        skippedMs = 1000;
        await write(update({ stray: 1 }), {}, instance);
        expect(await instance.verify(campaignId)).toBe(true);
        expect([view.versions, view.state]).toEqual([[-1, 2, 3, 4], { ...LOST, stray: 1 }]);
        const { faults } = await verifyState({ journal, snapshots }, campaignId);
        expect(faults).toEqual([`The journal of ${campaignId} should go on with version 3, and has 4.`]);
      });

      it('gets no snapshot of what that one shows', async () => {
        const { instance, view } = await stray({ options: { snapshotEveryVersions: 1, snapshotPauseMs: 0 } });
        await settled(view, 4);
        expect(view.state).toEqual(expected);
        expect(said).toContain('state.snapshot.failed');
        await instance.stop();
        expect(await stateOf(createManager())).toEqual(expected);
      });
    });
  });

  it('says in each document of the journal which one it was built upon', async () => {
    const instances = [manager, createManager()];
    for (let at = 0; at < 6; at++) await write(update({ at }), {}, instances[at % 2]);
    const documents = await journal.readSince(campaignId, 0);
    expect(documents.map(({ previousId }) => previousId)).toEqual([
      null,
      ...documents.slice(0, -1).map(({ _id }) => _id),
    ]);
  });

  it('finishes what is under way before it stops', async () => {
    await manager.read(campaignId);
    const writes = Array.from({ length: 50 }, (_none, at) => write(update({ at })));
    await manager.stop();
    for (const one of writes) await expect(one).resolves.toMatchObject({ outcome: 'committed' });
    await expect(write(update({}))).rejects.toThrow(ServiceUnavailableError);
    await expect(manager.subscribe(campaignId, () => undefined)).rejects.toThrow(ServiceUnavailableError);
  });
});

describe('the live state without persistence', () => {
  it('behaves the same, in memory alone', async () => {
    const memory = createMemoryJournal({ maxDocuments: 40 });
    const manager = createCampaignStateManager({
      journal: memory,
      snapshots: memory,
      readInitialState: async () => initial,
      clock: () => new Date(),
      log: { warn: () => undefined, error: () => undefined },
      options: { snapshotEveryVersions: 10, snapshotPauseMs: 0, maxCampaigns: 1 },
    });
    const campaignId = createId();
    const view = createStateView();
    const write = (operation: StateOperation, eventId: string = randomUUID()) =>
      manager.write({ campaignId, eventId, actor: systemActor, by: 'user-1', operation });
    const subscription = await manager.subscribe(campaignId, view.listener);
    const eventId = randomUUID();
    for (let at = 2; at <= 100; at++) await write(update({ at }), at === 99 ? eventId : randomUUID());
    expect([view.version, view.faults]).toEqual([100, []]);
    subscription.unsubscribe();
    // Another campaign takes its place in memory, once its last snapshot is written.
    await until(
      async () => {
        await manager.read(createId());
        return manager.inspect(campaignId);
      },
      info => info === undefined,
    );
    expect(await write(update({ at: 99 }), eventId)).toMatchObject({ version: 99, outcome: 'repeated' });
    expect((await manager.read(campaignId, 95)).state).toMatchObject({ at: 95 });
    await expect(manager.read(campaignId, 5)).rejects.toThrow(StateVersionNotFoundError);
    await manager.stop();
  });
});
