import { type Goal } from './goals.ts';
import { type Candidate, type Outcome } from './runner.ts';

/** Candidates that are measured side by side and compared with one another. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  /** What a reader must know to read the table: a paragraph of markdown. */
  readonly note: string;
  readonly candidates: readonly Candidate[];
  readonly goals?: readonly Goal[];
  /** Writes the table. */
  readonly format: (outcomes: readonly Outcome[]) => string;
}
