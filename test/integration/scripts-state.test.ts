import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { type JournalDocument, spec as journalSpec } from '../../app/datastore/state-journal.ts';
import { openEmbeddedStore } from '../../app/datastore/store/embedded/embedded-store.ts';
import { type Store } from '../../app/datastore/store/collection.ts';
import { createId } from '../../lib/ids.ts';
import { runScript, type ScriptResult } from '../support/script.ts';
import { buildJournalDocument, openStateJournal } from '../support/state-journal.ts';
import { describeStores, type OpenStore } from '../support/stores.ts';

// Each run is a process of its own, and on a busy machine a slow one.
jest.setTimeout(240_000);

/** Arguments, the exit code, and what is said. */
type Case = [args: readonly string[], code: number, message: string];

describeStores('the script about live states', target => {
  const campaignId = createId();
  let directory: string;
  let server: OpenStore | undefined;
  let variables: Record<string, string>;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'scripts-state-'));
    server = target.kind === 'mongodb' ? await target.open() : undefined;
    variables = { DATA_DIR: path.join(directory, 'one'), ...(server && selectMongodbVariables(server)) };
  });
  afterEach(async () => {
    await server?.close();
    await rm(directory, { recursive: true });
  });

  const run = (args: readonly string[], options: { input?: string; into?: string } = {}): Promise<ScriptResult> => {
    const { into, ...rest } = options;
    return runScript('state', args, { variables: into === undefined ? variables : { DATA_DIR: into }, ...rest });
  };
  /** Works on the database while no script does. */
  const onStore = async (work: (store: Store) => Promise<unknown>): Promise<void> => {
    const store = server?.store ?? (await openEmbeddedStore({ directory: variables['DATA_DIR'] ?? '' }));
    await work(store);
    if (server === undefined) await store.close();
  };
  const fill = () =>
    onStore(async store => {
      const { journal, snapshots } = await openStateJournal(store);
      const first = buildJournalDocument(campaignId, 1, [{ title: 'Zoë\n' }, { a: 1 }], {
        at: new Date('2026-01-01T00:00:00.001Z'),
        previousId: null,
      });
      const second = buildJournalDocument(campaignId, 3, [{ a: null, b: [1, null] }], { previousId: first._id });
      for (const document of [first, second]) await journal.append(document);
      const state = '{"title":"Zoë\\n","a":1}';
      await snapshots.write({ campaignId, version: 2, changeId: first._id, at: first.changes[1]!.at, state });
    });

  it('takes a state out of one database and into another, whole', async () => {
    await fill();
    const file = path.join(directory, 'state.ndjson');
    const exported = await run(['export', campaignId, '--file', file]);
    expect(exported).toMatchObject({ code: 0, stdout: '' });
    const text = await readFile(file, 'utf8');
    expect(text.trim().split('\n')).toHaveLength(3);
    expect((await run(['export', campaignId])).stdout).toBe(text);
    const overwriting = await run(['export', campaignId, '--file', file]);
    expect(overwriting).toMatchObject({ code: 2, stderr: expect.stringContaining('EEXIST') as unknown });

    const into = path.join(directory, 'two');
    const imported = await run(['import', campaignId], { input: text, into });
    const report = { campaignId, version: 3, documents: 2, snapshots: 1, faults: [] };
    expect([imported.code, JSON.parse(imported.stdout)]).toEqual([0, report]);
    expect((await run(['import', campaignId, '--file', file], { into })).code).toBe(0);
    expect((await run(['export', campaignId], { into })).stdout).toBe(text);
    // Another history is not mixed with it.
    const other = JSON.stringify({ kind: 'document', document: buildJournalDocument(campaignId, 1, [{ c: 1 }]) });
    const refused = await run(['import', campaignId], { input: other, into });
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('another history') as unknown,
    });
  });

  it('finds a journal that was tampered with', async () => {
    await fill();
    const sound = await run(['verify', campaignId]);
    expect([sound.code, JSON.parse(sound.stdout)]).toMatchObject([0, { version: 3, faults: [] }]);
    await onStore(store =>
      store
        .collection<JournalDocument>(journalSpec)
        .updateOne({ campaignId, from: 1 }, { $set: { 'changes.0.patch': '{"title":"Eve"}' } }),
    );
    const changed = await run(['verify', campaignId]);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain('The snapshot of version 2 is not what the patches make.');
    const previousId = createId();
    await onStore(store =>
      store.collection<JournalDocument>(journalSpec).updateOne({ campaignId, from: 3 }, { $set: { previousId } }),
    );
    const forked = await run(['verify', campaignId]);
    expect(forked.stderr).toContain(`, from version 3, follows ${previousId}, and not `);
    await onStore(store => store.collection<JournalDocument>(journalSpec).deleteOne({ campaignId, from: 1 }));
    await onStore(async store => (await openStateJournal(store)).snapshots.remove(campaignId, [2]));
    const torn = await run(['verify', campaignId]);
    expect(torn).toMatchObject({ code: 1, stderr: expect.stringContaining('should go on with version 1') as unknown });
  });

  it('says in a line what it cannot do', async () => {
    const file = path.join(directory, 'broken.ndjson');
    await writeFile(file, '{"kind":"document"}\n');
    const onDatabase: Case[] = [
      [['export', campaignId], 1, 'has no live state'],
      [['verify', campaignId], 1, 'There is no journal'],
      [['import', campaignId, '--file', file], 1, 'Line 1: '],
      [['verify', '0'], 2, 'no campaign default-campaign'],
    ];
    // These open no database, or say first what they lack, and so need not take turns.
    const others: Case[] = [
      [['remove', campaignId], 2, 'export, import or verify'],
      [['export'], 2, 'which campaign'],
    ];
    const check = async ([args, code, message]: Case): Promise<void> => {
      const { stderr, ...result } = await run(args);
      expect([args, result.code, stderr]).toEqual([args, code, expect.stringContaining(message)]);
      expect(stderr).not.toContain('    at ');
    };
    const checks = Promise.all(others.map(check));
    for (const one of onDatabase) await check(one);
    await checks;
  });
});

/** Names the database that a target opened. A location shows no credentials, so a server that was named keeps its URI. */
function selectMongodbVariables({ store }: OpenStore): Record<string, string> {
  const [hosts = '', database = ''] = store.location.split('/');
  const { MONGODB_TEST_URI: named = '' } = process.env;
  return {
    MONGODB_URI: named.includes(hosts) ? named : `mongodb://${hosts}/?directConnection=true`,
    MONGODB_DATABASE: database,
  };
}
