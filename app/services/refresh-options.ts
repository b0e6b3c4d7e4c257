/** How a refresh goes about its work; from the configuration. */
export interface RefreshOptions {
  /** How many campaigns are looked for at once. */
  readonly batchSize: number;
  /** How many days after it closed a campaign becomes INACTIVE. */
  readonly inactiveAfterDays: number;
}
