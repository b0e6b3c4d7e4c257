/** What a refresh did, in numbers. */
export interface RefreshCounts {
  readonly opened: number;
  readonly closed: number;
  readonly inactivated: number;
  readonly failedCount: number;
}

/** How a refresh goes about its work; from the configuration. */
export interface RefreshOptions {
  /** How many campaigns are looked for at once. */
  readonly batchSize: number;
  /** How many days after it closed a campaign becomes INACTIVE. */
  readonly inactiveAfterDays: number;
  /** Told what each refresh did, for the metrics. */
  readonly onDone?: (counts: RefreshCounts) => void;
}
