import { type Writable } from 'node:stream';
import { type Actor } from '../policy.ts';

/** Who asks, without being connected. */
export interface Asker {
  readonly actor: Actor | null;
  readonly correlation: string;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/** Events that are wanted. */
export interface EventInterest {
  /** Types, or what types begin with: `campaign:*`. */
  readonly types: readonly string[];
  /** Only those of this campaign: its id, its identifier, or 0. */
  readonly campaignId?: string | undefined;
  /** The id of the last event that was seen, by those who come back. */
  readonly lastEventId?: string | undefined;
}

/**
 * Writes server-sent events for as long as the token is good, the client reads and the service runs; then it ends the
 * output. `throwIfOver` throws when the token is over.
 */
export type EventStreamer = (output: Writable, throwIfOver: () => void) => void;

/** The door to live states and events for those who come by HTTP: it leads where the channel leads. */
export interface EventDoor {
  /**
   * Has a request of the channel (`campaign:state`) carried out, and gives the payload of its answer. Throws what the
   * request failed of.
   */
  ask(
    asker: Asker,
    action: string,
    payload: Readonly<Record<string, unknown>>,
    eventId?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Has an envelope, as it came, carried out as a request, and gives its answer. Throws likewise. */
  emit(asker: Asker, input: unknown): Promise<unknown>;
  /** Gives what streams events. Throws `ValidationError`, `UnauthorizedError`, `LimitExceededError` and what a campaign's name may be refused with. */
  listen(asker: Asker, interest: EventInterest): Promise<EventStreamer>;
}
