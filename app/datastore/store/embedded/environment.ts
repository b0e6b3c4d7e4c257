import { asBinary, type Database, open, type RootDatabase, type Transaction } from 'lmdb';
import { type Codec, createCodec, type Structures } from './codec.ts';
import { type KeyRange } from './intervals.ts';
import { type Key, MAX_KEY_BYTES } from './keys.ts';
import { type Document } from './values.ts';

/** A change of what is stored, made whole or not at all. */
export interface Changes {
  /** Encoded documents by their key; null removes. */
  readonly documents: ReadonlyMap<Key, Buffer | null>;
  /** Index entries: the `_id` that each key leads to; null removes. */
  readonly entries: ReadonlyMap<Key, string | null>;
  /** What the store remembers of its collections. */
  readonly catalog: ReadonlyMap<string, unknown>;
}

/** A document with the bytes that it takes up when encoded. */
export interface Sized {
  readonly document: Document;
  readonly size: number;
}

/** The state of the database after one of its commits. Holds old pages: release it when done. */
export interface Snapshot {
  /** Counts commits: two snapshots with the same number show the same. */
  readonly number: number;
  document(key: Key): Sized | undefined;
  documentKeys(range: KeyRange, isReverse: boolean): Iterable<Key>;
  entry(key: Key): string | undefined;
  entries(range: KeyRange, isReverse: boolean): Iterable<{ readonly key: Key; readonly value: string }>;
  /** Counts keys without reading what they hold. */
  countDocuments(range: KeyRange): number;
  countEntries(range: KeyRange): number;
  retain(): void;
  release(): void;
}

/** LMDB as the store uses it. */
export interface Environment {
  /** The newest state whose commit is durable. */
  readonly snapshot: Snapshot;
  catalog(): Iterable<readonly [string, unknown]>;
  encode(document: Document): Buffer;
  /** Writes and waits until the disk has it; the snapshot shows it only after `publish`. */
  commit(changes: Changes): Promise<void>;
  /** Makes the snapshot show the last commit. */
  publish(): void;
  close(): Promise<void>;
}

// Keys are byte strings; latin1 is the encoding that writes them as they are.
const keyEncoder = {
  writeKey: (key: Key, target: Latin1Buffer, start: number): number => start + target.latin1Write(key, start),
  readKey: (source: Latin1Buffer, start: number, end: number): Key => source.latin1Slice(start, end),
};

/** What `write` and `toString` of a Buffer come down to; its type declarations leave them out. */
interface Latin1Buffer {
  latin1Write(text: string, start: number): number;
  latin1Slice(start: number, end: number): string;
}

/** The read of lmdb that its type declarations leave out: into a buffer that the next read overwrites. */
interface FastReads {
  getBinaryFast(key: Key, options: { readonly transaction: Transaction }): Uint8Array | undefined;
}

/** Where the catalog keeps what is no collection. */
const COLLECTION = 'collection:';
const STRUCTURES = 'structures';

/** Opens or creates the database in a folder that exists. */
export function openEnvironment(directory: string): Environment {
  // Encoded documents and entries in a tree each; a tree per collection would cost each transaction more.
  // Every commit is a batch of ours; lmdb's own batching by turns would make a promise that nobody hears reject.
  const root = open({ path: directory, noSubdir: false, maxDbs: 4, eventTurnBatching: false });
  const documents = root.openDB<unknown, Key>('documents', { ...{ encoding: 'binary' as const, keyEncoder } });
  const entries = root.openDB<string, Key>('entries', { ...{ encoding: 'string' as const, keyEncoder } });
  const catalog = root.openDB<unknown, string>('catalog', { encoding: 'json' });
  const codec = createCodec((catalog.get(STRUCTURES) ?? []) as Structures);
  let snapshot = snapshotOf(root, documents, entries, codec, 0);
  return {
    get snapshot() {
      return snapshot;
    },
    catalog: () =>
      [...catalog.getRange()]
        .filter(({ key }) => key.startsWith(COLLECTION))
        .map(({ key, value }) => [key.slice(COLLECTION.length), value] as const),
    encode: document => codec.encode(document),
    async commit(changes) {
      const structures = codec.unsavedStructures();
      const committed = root.batch(() => {
        if (structures !== undefined) void catalog.put(STRUCTURES, structures);
        for (const [key, bytes] of changes.documents) {
          if (bytes === null) void documents.remove(key);
          else void documents.put(key, asBinary(bytes));
        }
        for (const [key, id] of changes.entries) {
          if (id === null) void entries.remove(key);
          else void entries.put(key, id);
        }
        for (const [key, value] of changes.catalog) void catalog.put(COLLECTION + key, value);
      });
      try {
        await committed;
      } catch (error) {
        throw await causeOf(error);
      }
      if (structures !== undefined) codec.markSaved(structures);
      await root.flushed;
    },
    publish() {
      const next = snapshotOf(root, documents, entries, codec, snapshot.number + 1);
      snapshot.release();
      snapshot = next;
    },
    async close() {
      snapshot.release();
      await root.close();
    },
  };
}

function snapshotOf(
  root: RootDatabase,
  documents: Database<unknown, Key>,
  entries: Database<string, Key>,
  codec: Codec,
  number: number,
): Snapshot {
  root.resetReadTxn();
  const transaction = root.useReadTransaction();
  const options = { transaction };
  const reads = documents as unknown as FastReads;
  let holders = 1;
  return {
    number,
    document(key) {
      const bytes = key.length > MAX_KEY_BYTES ? undefined : reads.getBinaryFast(key, options);
      if (bytes === undefined) return undefined;
      const size = bytes.length;
      return { document: codec.decode(bytes, size), size };
    },
    documentKeys: (range, isReverse) => documents.getKeys({ ...walk(range, isReverse), transaction }),
    entry: key => (key.length > MAX_KEY_BYTES ? undefined : entries.get(key, options)),
    entries: (range, isReverse) => entries.getRange({ ...walk(range, isReverse), transaction }),
    countDocuments: range => documents.getKeysCount({ ...storable(range), transaction }),
    countEntries: range => entries.getKeysCount({ ...storable(range), transaction }),
    retain() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0) transaction.done();
    },
  };
}

// A query may ask for longer keys than can be stored: as bounds they mean the same when they are cut.
function storable({ start, end }: KeyRange): KeyRange {
  return { start: start.slice(0, MAX_KEY_BYTES), end: end.slice(0, MAX_KEY_BYTES) };
}

// lmdb tells what happened by a promise of its own, which would end the process if nobody heard it reject.
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<never> };
  return (await commitError?.catch((cause: unknown) => cause)) ?? error;
}

// Backwards, lmdb starts at the end of the range and takes both ends the other way round.
function walk(range: KeyRange, isReverse: boolean): object {
  const { start, end } = storable(range);
  return isReverse
    ? { start: end, end: start, reverse: true, exclusiveStart: true, inclusiveEnd: true }
    : { start, end };
}
