import { ValidationError } from '../../../lib/errors.ts';
import { type PatternsPayload } from '../../../schemas/channel-requests.ts';
import { EventTypeUnknownError, LimitExceededError } from '../../errors.ts';
import { type Clock } from '../../context.ts';
import { mayHear } from '../audience.ts';
import { type ActionRequest, type Bus, isPattern } from '../bus.ts';
import { type CampaignIds } from '../campaign-ids.ts';
import { type Connection } from '../connection.ts';
import { requests } from '../declarations.ts';
import { type Envelope, type EventPayload, readRequest } from '../envelope.ts';
import { createFrame, type Frame } from '../frame.ts';
import { createRecentKeys, type RecentKeys } from '../recent-keys.ts';
import { type PayloadHandler, type Registrar, selectName } from '../registrar.ts';
import { selectConnection } from './select-connection.ts';

export interface NexusActionsDependencies {
  readonly bus: Bus;
  readonly campaignIds: CampaignIds;
  readonly clock: Clock;
  /** How many patterns a connection listens to at most. */
  readonly maxPatterns: number;
}

/** What a connection listens to. */
interface Listening {
  /** What ends it, by pattern. */
  readonly patterns: Map<string, () => void>;
  /** An event that several patterns match is sent once. */
  readonly sent: RecentKeys;
}

const SENT = { ttlMs: 60_000, max: 1_000 };
/** So many events may be on their way to one who listens before the next one waits. */
const MAX_UNDER_WAY = 32;
const EMIT = 'nexus:emit:v1:requested';

/** Registers what can be asked about events themselves: to hear them, and to send one. */
export function registerNexusActions(
  registrar: Registrar,
  { bus, campaignIds, clock, maxPatterns }: NexusActionsDependencies,
): void {
  const listenings = new Map<Connection, Listening>();
  /** An event is made text once, however many hear it. */
  const frames = new WeakMap<Envelope, Frame>();

  const throwIfNoPatterns = (types: readonly string[]): void => {
    const at = types.findIndex(pattern => !isPattern(pattern));
    if (at >= 0) {
      throw new ValidationError([{ path: `/types/${at}`, message: 'is neither a type nor the beginning of types' }]);
    }
  };

  const selectListening = (connection: Connection): Listening => {
    const known = listenings.get(connection);
    if (known !== undefined) return known;
    const listening = { patterns: new Map<string, () => void>(), sent: createRecentKeys(SENT) };
    listenings.set(connection, listening);
    connection.onClose(() => {
      for (const end of listening.patterns.values()) end();
      listenings.delete(connection);
    });
    return listening;
  };

  const selectFrame = (event: Envelope): Frame => {
    let frame = frames.get(event);
    if (frame === undefined) frames.set(event, (frame = createFrame(event)));
    return frame;
  };

  /** Sends events to who may hear them, as fast as they are read. Too many that wait are dropped and counted. */
  const forward = (connection: Connection, { sent }: Listening): ((event: Envelope) => Promise<void> | undefined) => {
    let underWay = 0;
    let onSent: (() => void) | undefined;
    return event => {
      // By the token that the connection has now.
      if (!mayHear(connection.actor, event) || !sent.add(`${event.eventId} ${event.type}`)) return undefined;
      underWay += 1;
      connection.send(selectFrame(event), () => {
        underWay -= 1;
        onSent?.();
      });
      return underWay < MAX_UNDER_WAY ? undefined : new Promise<void>(resolve => (onSent = resolve));
    };
  };

  const listen: PayloadHandler<PatternsPayload> = async ({ types, campaignId: given }, { caller }) => {
    throwIfNoPatterns(types);
    const connection = selectConnection(caller);
    const campaignId = given === undefined ? undefined : await campaignIds.resolve(given, caller.actor);
    caller.signal.throwIfAborted();
    const listening = selectListening(connection);
    const { patterns } = listening;
    if (new Set([...patterns.keys(), ...types]).size > maxPatterns) {
      throw new LimitExceededError(`A connection may listen to ${maxPatterns} types.`);
    }
    for (const pattern of types) {
      patterns.get(pattern)?.();
      const scope = campaignId === undefined ? {} : { campaignId };
      patterns.set(pattern, bus.subscribe(pattern, forward(connection, listening), scope));
    }
    return { types: [...patterns.keys()] };
  };

  const unlisten: PayloadHandler<PatternsPayload> = async ({ types }, { caller }) => {
    throwIfNoPatterns(types);
    const { patterns } = selectListening(selectConnection(caller));
    for (const pattern of types) {
      patterns.get(pattern)?.();
      patterns.delete(pattern);
    }
    return { types: [...patterns.keys()] };
  };

  const emit = async ({ envelope, caller }: ActionRequest): Promise<EventPayload> => {
    const inner = readRequest(envelope.payload, { userId: caller.actor.userId, now: clock() });
    if (inner.type === EMIT) throw new EventTypeUnknownError();
    return { answer: await bus.handle(inner, caller) };
  };

  registrar.request(requests.listen, listen);
  registrar.request(requests.unlisten, unlisten);
  // What is emitted is told as what it is. It is checked as what is sent is, by older names, too.
  const [service, action] = selectName(requests.emit);
  bus.registerAction(service, action, 1, emit, { isPrivate: true });
}
