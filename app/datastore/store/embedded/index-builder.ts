import { type CollectionSpec, type IndexSpec } from '../collection.ts';
import { type Catalog, type CollectionState } from './catalog.ts';
import { type Index, isSameIndex, newIndex } from './index-definition.ts';
import { type KeyRange } from './intervals.ts';
import { type Key, successor, textOfKey } from './keys.ts';
import { type WriteQueue } from './write-queue.ts';

/** How many documents or entries are dealt with between other writes. */
const PORTION = 500;

/** Creates and removes indexes while the collection is in use. */
export interface IndexBuilder {
  /** Builds what the spec declares and the collection lacks. Throws `DuplicateKeyError` when documents break a unique index. */
  build(state: CollectionState, spec: CollectionSpec): Promise<void>;
}

/** Creates the builder of a store. Builds one after the other, so that two calls do not build the same index twice. */
export function createIndexBuilder(queue: WriteQueue, catalog: Catalog): IndexBuilder {
  let last: Promise<unknown> = Promise.resolve();

  const build = async (state: CollectionState, { indexes }: CollectionSpec): Promise<void> => {
    for (const spec of indexes) {
      const known = state.indexes.find(({ name, state: at }) => name === spec.name && at === 'ready');
      if (known !== undefined && isSameIndex(known, spec)) continue;
      if (known !== undefined) await drop(state, known);
      await buildOne(state, spec);
    }
    for (const index of state.indexes.filter(({ state: at }) => at === 'dropped')) await clear(state, index);
  };

  const buildOne = async (state: CollectionState, spec: IndexSpec): Promise<void> => {
    const index = newIndex(spec, catalog.newIndexNumber());
    // From here on writes keep it; the documents that are there already follow in portions.
    await queue.run(batch => {
      state.indexes = [...state.indexes, index];
      batch.recordState(state);
    });
    try {
      for (let from: Key | undefined = state.prefix; from !== undefined;) from = await indexPortion(state, index, from);
      await change(state, index, 'ready');
    } catch (error) {
      await drop(state, index);
      await clear(state, index);
      throw error;
    }
  };

  const indexPortion = (state: CollectionState, index: Index, start: Key): Promise<Key | undefined> =>
    queue.run(batch => {
      const keys = firstOf(batch.snapshot.documentKeys({ start, end: successor(state.prefix) }, false));
      for (const key of keys) {
        const document = batch.document(state, textOfKey(key.slice(state.prefix.length)));
        if (document !== undefined) batch.index(state, index, document);
      }
      const end = keys.at(-1);
      return keys.length < PORTION || end === undefined ? undefined : successor(end);
    });

  const clear = async (state: CollectionState, index: Index): Promise<void> => {
    const range: KeyRange = { start: index.prefix, end: successor(index.prefix) };
    let left = true;
    while (left) {
      left = await queue.run(batch => {
        const entries = firstOf(batch.snapshot.entries(range, false));
        for (const { key } of entries) batch.removeEntry(key);
        return entries.length > 0;
      });
    }
    await queue.run(batch => {
      state.indexes = state.indexes.filter(other => other !== index);
      batch.recordState(state);
    });
  };

  const drop = (state: CollectionState, index: Index): Promise<void> => change(state, index, 'dropped');

  const change = (state: CollectionState, index: Index, to: Index['state']): Promise<void> =>
    queue.run(batch => {
      index.state = to;
      batch.recordState(state);
    });

  return {
    build(state, spec) {
      const turn = last.then(() => build(state, spec));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

function firstOf<T>(items: Iterable<T>): T[] {
  const first: T[] = [];
  for (const item of items) if (first.push(item) >= PORTION) break;
  return first;
}
