import { type HistoryEntry } from './history.ts';

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Writes down what clients send and receive. */
export interface HistoryRecorder {
  readonly entries: readonly HistoryEntry[];
  note(entry: Without<HistoryEntry, 'atMs'>): void;
}

/** Makes an empty record. */
export function createHistoryRecorder(): HistoryRecorder {
  const entries: HistoryEntry[] = [];
  const startedAt = performance.now();
  return {
    entries,
    note(entry) {
      entries.push({ atMs: Math.round(performance.now() - startedAt), ...entry });
    },
  };
}
