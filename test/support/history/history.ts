import { type CampaignState } from '../../../app/datastore/state-fold.ts';
import { type JournalDocument } from '../../../app/datastore/state-journal.ts';
import { type Envelope } from '../../../app/realtime/envelope.ts';

/** What happened to one connection of one client, as the client saw it. */
export type HistoryEntry = {
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  readonly client: string;
  /** Which of the client's connections, counted from 1. */
  readonly connection: number;
} & (
  | { readonly kind: 'opened' | 'closed'; readonly reason?: string }
  /** A request left, `sending` counts all that a client sent. */
  | { readonly kind: 'request'; readonly sending: number; readonly request: HistoryRequest }
  /** The acknowledgement of a sending came. */
  | { readonly kind: 'answer'; readonly sending: number; readonly answer: Envelope }
  /** Something came that is no acknowledgement. */
  | { readonly kind: 'frame'; readonly frame: Envelope }
);

/** A request as a client wrote it. */
export interface HistoryRequest {
  readonly type: string;
  readonly eventId: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What a client may see, and what it must have seen at the end. */
export interface HistoryClient {
  /** The campaigns that its token lets it read. */
  readonly readable: readonly string[];
  /** The campaigns whose last version it must have seen. */
  readonly follows: readonly string[];
}

/** What there is of a campaign when all is over. */
export interface HistoryCampaign {
  readonly campaignId: string;
  /** The whole journal, in order. */
  readonly documents: readonly JournalDocument[];
  /** What each instance that is left shows. */
  readonly shown?: readonly { readonly version: number; readonly state: CampaignState }[];
  /** A text that is in the state of this campaign alone. */
  readonly secret?: string;
}

/** All that clients sent and received, in one order, and what came of it. */
export interface History {
  readonly entries: readonly HistoryEntry[];
  readonly clients: Readonly<Record<string, HistoryClient>>;
  readonly campaigns: readonly HistoryCampaign[];
}

/** A promise that was broken: which one, and how. */
export interface HistoryFault {
  readonly rule: HistoryRule;
  readonly message: string;
}

/** What a history is checked for. */
export type HistoryRule =
  /** The journal has every version once, in documents that are whole and each built upon the one before, and no event twice. */
  | 'journal'
  /** What was acknowledged is in the journal, under the version that was told, and does what was asked. */
  | 'acknowledged'
  /** What was refused for certain is not in it. */
  | 'refused'
  /** Every repeat of an event is answered with the version that it had. */
  | 'repeat'
  /** Versions go up in the order in which their writers waited for each other, for all alike. */
  | 'order'
  /** A subscriber sees versions once each and without a gap. */
  | 'sequence'
  /** What it sees is what the journal has. */
  | 'content'
  /** It has seen the last version. */
  | 'complete'
  /** It sees nothing that it did not ask for, or not any more. */
  | 'unasked'
  /** It sees nothing that it may not see. */
  | 'secret'
  /** Each request has exactly one answer. */
  | 'answer';
