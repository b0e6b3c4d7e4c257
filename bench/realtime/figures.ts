import { markdownTable } from '../lib/markdown.ts';
import { type LiveSlice } from './measure.ts';

/** A goal, and what became of it. */
export interface Verdict {
  readonly goal: string;
  readonly wanted: string;
  readonly reached: string;
  readonly isReached: boolean;
}

/** What a suite gives to the document. */
export interface Section {
  readonly name: string;
  readonly title: string;
  /** What a reader must know to read the tables. */
  readonly note: string;
  readonly tables: readonly string[];
  readonly verdicts: readonly Verdict[];
}

const BEST = 3;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of the three highest: interference only ever slows. */
export const selectHighest = (values: readonly number[]): number =>
  mean(values.toSorted((a, b) => b - a).slice(0, BEST));

/** The mean of the three lowest. */
export const selectLowest = (values: readonly number[]): number =>
  mean(values.toSorted((a, b) => a - b).slice(0, BEST));

/** The one in the middle, the lower of two. */
export const selectMedian = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

const BUSY_CORES = 0.9;

/** What kept a load from being higher: a process with one thread that is busy is a limit. */
export function selectLimit(slices: readonly Pick<LiveSlice, 'serverCores' | 'generatorCores'>[]): string {
  const server = selectMedian(slices.map(({ serverCores }) => serverCores));
  const generator = selectMedian(slices.map(({ generatorCores }) => generatorCores));
  if (Math.max(server, generator) < BUSY_CORES) return 'neither';
  return server >= generator ? 'server' : '**generator**';
}

/** The cells that say how busy both sides were, under `busyHead`. */
export const formatBusy = (slices: readonly Pick<LiveSlice, 'serverCores' | 'generatorCores'>[]): string[] => [
  selectMedian(slices.map(({ serverCores }) => serverCores)).toFixed(2),
  selectMedian(slices.map(({ generatorCores }) => generatorCores)).toFixed(2),
  selectLimit(slices),
];

export const busyHead = ['cores: server', 'generator', 'limit'] as const;

/** A count, short. */
export const formatCount = (value: number): string => Math.round(value).toLocaleString('en');

/** Bytes as megabytes, with a dash for what was not measured. */
export const inMegabytes = (bytes: number): string => (Number.isNaN(bytes) ? '–' : (bytes / 2 ** 20).toFixed(0));

/** A figure to a tenth, with a dash for what was not measured. */
export const inTenths = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(1));

/** How long all but a hundredth of what the first server delivered took at most, in milliseconds. */
export const selectP99 = ({ deliveries }: Pick<LiveSlice, 'deliveries'>): number => deliveries[0]?.p99 ?? Number.NaN;

/** The most memory that the first server took, in bytes. */
export const selectMemory = ({ peak }: Pick<LiveSlice, 'peak'>): number =>
  peak?.anonymousBytes ?? peak?.heapUsedBytes ?? Number.NaN;

/** Says whether a figure is at least what is wanted. */
export const atLeast = (goal: string, wanted: number, reached: number, digits = 1): Verdict => ({
  goal,
  wanted: `≥ ${Number(wanted.toFixed(2))}`,
  reached: reached.toFixed(digits),
  isReached: reached >= wanted,
});

/** Says whether a figure is at most what is wanted. */
export const atMost = (goal: string, wanted: number, reached: number, digits = 1): Verdict => ({
  goal,
  wanted: `≤ ${Number(wanted.toFixed(2))}`,
  reached: reached.toFixed(digits),
  isReached: reached <= wanted,
});

/** Writes the goals of a suite; undefined when it has none. */
export function verdictTable(verdicts: readonly Verdict[]): string | undefined {
  if (verdicts.length === 0) return undefined;
  const rows = verdicts.map(({ goal, wanted, reached, isReached }) => [
    goal,
    wanted,
    reached,
    isReached ? 'reached' : '**not reached**',
  ]);
  return markdownTable(['goal', 'wanted', 'reached', ''], rows);
}
