import { ValidationError } from '../../../lib/errors.ts';
import { createValidator, type Validator } from '../../../lib/schema/validator.ts';
import { type PatternsPayload, patternsPayload } from '../../../schemas/channel-requests.ts';
import { EventTypeUnknownError, LimitExceededError } from '../../errors.ts';
import { type Clock } from '../../context.ts';
import { mayHear } from '../audience.ts';
import { type ActionRequest, type Bus, type Caller, isPattern } from '../bus.ts';
import { type CampaignIds } from '../campaign-ids.ts';
import { type Connection } from '../connection.ts';
import { type Envelope, type EventPayload, readRequest } from '../envelope.ts';
import { createFrame, type Frame } from '../frame.ts';
import { createRecentKeys, type RecentKeys } from '../recent-keys.ts';

export interface NexusActionsDependencies {
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
const EMIT = 'nexus:emit:v1:requested';

/** Registers what can be asked about events themselves: to hear them, and to send one. */
export function registerNexusActions(bus: Bus, { campaignIds, clock, maxPatterns }: NexusActionsDependencies): void {
  const payloads: Validator<PatternsPayload> = createValidator(patternsPayload);
  const listenings = new Map<Connection, Listening>();
  /** An event is made text once, however many hear it. */
  const frames = new WeakMap<Envelope, Frame>();

  const read = ({ envelope }: ActionRequest): PatternsPayload => {
    const { payload } = envelope as { payload: unknown };
    payloads.throwIfInvalid(payload);
    const at = payload.types.findIndex(pattern => !isPattern(pattern));
    if (at >= 0)
      throw new ValidationError([{ path: `/types/${at}`, message: 'is neither a type nor the beginning of types' }]);
    return payload;
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

  /** Sends an event to who may hear it. The next one waits until it is sent; too many that wait are dropped and counted. */
  const forward =
    (connection: Connection, { sent }: Listening) =>
    async (event: Envelope): Promise<void> => {
      // By the token that the connection has now.
      if (!mayHear(connection.actor, event) || !sent.add(`${event.eventId} ${event.type}`)) return;
      await new Promise<void>(resolve => connection.send(selectFrame(event), resolve));
    };

  const subscribe = async (request: ActionRequest): Promise<EventPayload> => {
    const { types, campaignId: given } = read(request);
    const connection = selectConnection(request.caller);
    const campaignId = given === undefined ? undefined : await campaignIds.resolve(given, request.caller.actor);
    request.caller.signal.throwIfAborted();
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

  const unsubscribe = async (request: ActionRequest): Promise<EventPayload> => {
    const { types } = read(request);
    const { patterns } = selectListening(selectConnection(request.caller));
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

  // What is said in them is told as what it is, or is nobody else's business.
  bus.registerAction('nexus', 'subscribe', 1, subscribe, { isPrivate: true });
  bus.registerAction('nexus', 'unsubscribe', 1, unsubscribe, { isPrivate: true });
  bus.registerAction('nexus', 'emit', 1, emit, { isPrivate: true });
}

function selectConnection({ connection }: Caller): Connection {
  if (connection !== undefined) return connection;
  throw new ValidationError([{ path: '', message: 'can be asked for over a connection alone' }]);
}
