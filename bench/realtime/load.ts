import { type DialectName } from './dialects.ts';

/** Clients of one server, or of several that work as one. */
export interface FleetOrder {
  readonly name: string;
  readonly dialect: DialectName;
  /** The servers; clients are spread over them evenly. */
  readonly ports: readonly number[];
  /** Clients take them in turn. */
  readonly tokens: readonly string[];
  /** Every subscriber subscribes to each of them; publishers take them in turn. */
  readonly campaigns: readonly string[];
  /** By campaign: only so many subscribe to it, the last ones. */
  readonly followers?: readonly number[];
  readonly subscribers: number;
  readonly publishers: number;
}

/** When updates are sent. */
export type Pace =
  /** Each publisher has so many under way: one that is answered is followed by the next. */
  | { readonly kind: 'answered'; readonly inFlight: number }
  /** Each campaign has so many under way: one that reached all subscribers is followed by the next. */
  | { readonly kind: 'delivered'; readonly inFlight: number }
  /** So many, whatever becomes of those before. */
  | { readonly kind: 'steady'; readonly perSecond: number };

export interface LoadOrder {
  readonly fleet: string;
  readonly pace: Pace;
  readonly milliseconds: number;
  /** No more updates than this are sent. */
  readonly updates?: number;
  /** Whether it is measured how long patches took to arrive. */
  readonly isTimed?: boolean;
  /** So many publishers publish; all of them when left out. */
  readonly publishers?: number;
  /** Only publishers of this server publish, by its place. */
  readonly server?: number;
  /** The campaigns of the fleet that are updated, by their places; all of them when left out. */
  readonly campaigns?: readonly number[];
  /** So many bytes are replaced by each update, in place of about eighty. Such are not timed. */
  readonly patchBytes?: number;
  /**
   * So many subscribers, the last ones, read nothing until the others have all updates. They are not timed. They connect
   * anew before: the more a connection has read, the more the kernel keeps for it.
   */
  readonly paused?: number;
  /** Whether they go on reading nothing afterwards, until the next load: what they have is not waited for. */
  readonly isPauseKept?: boolean;
}

/** Times in milliseconds. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadResult {
  /** How long updates were sent. What is counted per second was counted meanwhile. */
  readonly milliseconds: number;
  readonly acceptedPerSecond: number;
  readonly patchesPerSecond: number;
  readonly framesPerSecond: number;
  /** All that came of the load in the end. */
  readonly accepted: number;
  readonly patches: number;
  readonly frames: number;
  /** How often a subscriber that read got the whole state in place of what it did not take in time. */
  readonly snapshots: number;
  /** The same for each that read nothing at first; only of the campaigns that were updated. */
  readonly pausedSnapshots: readonly number[];
  readonly refused: Readonly<Record<string, number>>;
  /** How many updates were not sent since the server did not read. */
  readonly heldUp: number;
  readonly answers: Quantiles;
  /** By server: from the sending of an update until a subscriber that read had it. */
  readonly deliveries: readonly Quantiles[];
  /** How many subscriptions were not at the last version in the end, or, of peers, how many patches were missing. */
  readonly behind: number;
  /** How often a version was missing before another one. */
  readonly gaps: number;
  /** Processor time of the generator until the end, and how long that was. */
  readonly cpuMicros: number;
  readonly totalMilliseconds: number;
}
