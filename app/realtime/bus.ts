import { type Logger } from '../../lib/log.ts';
import { rememberByText } from '../../lib/remember.ts';
import { type Tracing } from '../../lib/spans.ts';
import { type Clock } from '../context.ts';
import { EventTypeUnknownError } from '../errors.ts';
import { type Actor } from '../policy.ts';
import { type Connection } from './connection.ts';
import {
  createLifeEvent,
  type Envelope,
  type EventMetadata,
  type EventName,
  type EventPayload,
  formatEventType,
  formatFailure,
  type RequestEnvelope,
  toServiceError,
} from './envelope.ts';
import { coversAction, selectTopic } from './event-topics.ts';
import { createRecentKeys } from './recent-keys.ts';
import { type Outcome, withRequestSpan } from './request-span.ts';
import { type StreamWriter } from './stream.ts';
import { type Streams } from './streams.ts';

/** Who asks, and over what. */
export interface Caller {
  readonly actor: Actor;
  /** What the caller is connected by; none for one who only asks. */
  readonly connection?: Connection;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/** A request on its way through its action. */
export interface ActionRequest {
  readonly envelope: RequestEnvelope;
  readonly caller: Caller;
}

/** Carries out a request. `campaignId` is what `admit` gave. Throws what the caller is told. */
export type ActionHandler = (request: ActionRequest, campaignId: string) => Promise<EventPayload>;

/** Has a stream filled from now on, until it ends. Throws what the caller is told; then nothing was started. */
export type StreamHandler = (request: ActionRequest, campaignId: string, stream: StreamWriter) => Promise<void>;

export interface ActionOptions {
  /**
   * Decides whether anybody else hears of the request at all, and gives the id of the campaign that it is about. Throws
   * what the caller is told, and the caller alone. An action without it is about no campaign.
   */
  readonly admit?: (request: ActionRequest) => Promise<string>;
  /** Nobody but the caller hears of it: it carries what is nobody else's business. */
  readonly isPrivate?: boolean;
  /** What a failure tells besides the error. */
  readonly explain?: (error: unknown, request: ActionRequest) => EventPayload;
}

export interface BusSubscription {
  /** Only events of this campaign. */
  readonly campaignId?: string;
}

export interface BusMetrics {
  /** A request was answered. `type` is one of the registered ones. */
  handled(type: string, outcome: string, durationSeconds: number): void;
  /** A full queue dropped an event. */
  dropped(type: string): void;
  /** A handler of events threw. */
  failed(type: string): void;
}

/** The events of this process: requests that are carried out, and those who want to hear what happens. */
export interface Bus {
  /** Makes `{service}:{action}:v{version}:requested` a request that can be sent. Throws an `Error` when it is one already. */
  registerAction(
    service: string,
    action: string,
    version: number,
    handler: ActionHandler,
    options?: ActionOptions,
  ): void;
  /**
   * Makes a request one that a stream answers: `started`, then `stream` with each item, `heartbeat` from time to time, and
   * one end, `success` or `failed`. It is a question: nobody but the caller hears of it.
   */
  registerStream(
    service: string,
    action: string,
    version: number,
    handler: StreamHandler,
    options?: Pick<ActionOptions, 'admit'>,
  ): void;
  /** The types that can be sent. */
  listRequests(): string[];
  /** Carries out a request and gives its one answer, `success` (of a stream `started`) or `failed`. Never throws. */
  handle(envelope: RequestEnvelope, caller: Caller): Promise<Envelope>;
  /** Does the same for those who have no use for an answer that is a failure: throws the `ServiceError` that it tells of. */
  ask(envelope: RequestEnvelope, caller: Caller): Promise<Envelope>;
  /** Tells all who want to hear it, unless they heard it within a minute. `key` says what makes it the same event. */
  publish(event: Envelope, key?: string): void;
  /**
   * Has a handler called with each event of a type, or with all that begin alike: `campaign:*`. One after another; what
   * comes while more than the limit wait is dropped. Gives what ends it.
   */
  subscribe(
    pattern: string,
    handler: (event: Envelope) => void | Promise<void>,
    subscription?: BusSubscription,
  ): () => void;
}

export interface BusDependencies {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly metrics: BusMetrics;
  /** Opens the way to the bus of other instances; without it there is none. */
  readonly openRelay?: (receiver: BusReceiver) => BusRelay;
  /** Holds the streams that are open. Without it no stream can be registered. */
  readonly streams?: Pick<Streams, 'start'>;
  /** Null while nothing is traced. */
  readonly tracing?: Tracing | null;
  /** How many events wait for one handler at most. */
  readonly queueLimit?: number;
}

interface Action {
  readonly handler: ActionHandler;
  readonly options: ActionOptions;
  /** What an answer that is no failure says. */
  readonly answers: 'success' | 'started';
}

interface Listener {
  readonly campaignId: string | undefined;
  readonly offer: (event: Envelope) => void;
}

const PATTERN =
  /^(?:(?:[a-z][a-z0-9_]*:){1,2}(?:v[1-9][0-9]*:)?)?\*$|^[a-z][a-z0-9_]*:[a-z][a-z0-9_]*:v[1-9][0-9]*:[a-z]+$/;
const QUEUE_LIMIT = 1_000;
/** The steps of a request's life. */
const LIFE = ['requested', 'started', 'success', 'failed'] as const;
const DEDUPE_MS = 60_000;
const DEDUPE_MAX = 100_000;

/** Takes the events of other instances. */
export interface BusReceiver {
  /** Whether anybody here listens to any event of an action. */
  isHeard(service: string, action: string): boolean;
  /** Tells those who listen here, unless they heard it within a minute. */
  receive(event: Envelope, key: string): void;
}

/** The way to the other instances. */
export interface BusRelay {
  /** Whether there is any other instance, as far as is known. */
  readonly isAnybodyThere: boolean;
  /** Whether anybody at another instance listens to events of an action, as far as is known. */
  isHeard(service: string, action: string): boolean;
  /** Tells the others what is listened to here, each time that it is something else: by topics of `selectTopic`. */
  announce(topics: readonly string[]): void;
  /** Tells an event at the other instances, unless one of them told the same. Never waits, never throws. */
  send(event: Envelope, key: string): void;
}

/** Makes the bus. The life of a request is told by it, never by those who carry it out. */
export function createBus({
  clock,
  log,
  metrics,
  openRelay,
  streams,
  tracing = null,
  queueLimit = QUEUE_LIMIT,
}: BusDependencies): Bus {
  const actions = new Map<string, Action>();
  const listeners = new Map<string, Set<Listener>>();
  const published = createRecentKeys({ ttlMs: DEDUPE_MS, max: DEDUPE_MAX });

  /** How many patterns there are of an action, of a service and of all. */
  const topics = new Map<string, number>();

  /** The types that are told of here. */
  const ownTypes = new Set<string>();
  /** Other instances may tell of types that nobody has heard of: as labels of metrics they could be any number. */
  const selectLabel = (type: string): string => (ownTypes.has(type) ? type : 'other');
  const queueMetrics = {
    dropped: (type: string) => metrics.dropped(selectLabel(type)),
    failed: (type: string) => metrics.failed(selectLabel(type)),
  };

  const hasListeners = (type: string): boolean =>
    listeners.size > 0 && selectPatterns(type).some(pattern => listeners.has(pattern));

  const countTopic = (pattern: string, more: 1 | -1): void => {
    const topic = selectTopic(pattern);
    const before = topics.size;
    const count = (topics.get(topic) ?? 0) + more;
    if (count > 0) topics.set(topic, count);
    else topics.delete(topic);
    if (topics.size !== before) relay?.announce([...topics.keys()]);
  };

  const relay = openRelay?.({
    isHeard: (service, action) => coversAction(topics, service, action),
    receive(event, key) {
      if (hasListeners(event.type) && published.add(key)) offer(event);
    },
  });
  const isHeardElsewhere = (type: string): boolean => {
    if (relay === undefined || !relay.isAnybodyThere) return false;
    const [service = '', action = ''] = selectAction(type);
    return relay.isHeard(service, action);
  };
  const isHeard = (type: string): boolean => hasListeners(type) || isHeardElsewhere(type);

  const publish = (event: Envelope, key = event.eventId): void => {
    ownTypes.add(event.type);
    if (!isHeard(event.type) || !published.add(key)) return;
    offer(event);
    if (isHeardElsewhere(event.type)) relay?.send(event, key);
  };

  function offer(event: Envelope): void {
    const campaignId = event.metadata.campaign?.campaignId;
    for (const pattern of selectPatterns(event.type)) {
      for (const listener of listeners.get(pattern) ?? []) {
        if (listener.campaignId === undefined || listener.campaignId === campaignId) listener.offer(event);
      }
    }
  }

  /** Tells a step of a request's life, unless a repeat of it told the same before. */
  const tell = (envelope: RequestEnvelope, event: Envelope): void => {
    // Most of the time nobody listens, and that is not worth a key.
    if (!isHeard(event.type)) return;
    const { user, campaign } = envelope.metadata;
    publish(event, JSON.stringify([envelope.eventId, event.type, user?.userId, campaign?.campaignId]));
  };

  const fail = (request: ActionRequest, error: unknown, explain?: ActionOptions['explain']): Outcome => {
    const { envelope, caller } = request;
    const told = toServiceError(error);
    if (told.reportable && !caller.signal.aborted) {
      log.error('event.failed', { type: envelope.type, error: told }, envelope.metadata.correlation);
    }
    const payload = { ...formatFailure(told), ...explain?.(error, request) };
    return { answer: createLifeEvent(envelope, 'failed', payload, clock()), error: told };
  };

  const perform = async (
    request: ActionRequest,
    { handler, options, answers }: Action,
    campaignId: string,
  ): Promise<Outcome> => {
    try {
      return { answer: createLifeEvent(request.envelope, answers, await handler(request, campaignId), clock()) };
    } catch (error) {
      return fail(request, error, options.explain);
    }
  };

  const carryOut = async (request: ActionRequest, action: Action): Promise<Outcome> => {
    const { admit, isPrivate = false } = action.options;
    let campaignId = '';
    try {
      campaignId = (await admit?.(request)) ?? '';
    } catch (error) {
      return fail(request, error);
    }
    const envelope = placeIn(request.envelope, campaignId);
    const admitted = { envelope, caller: request.caller };
    if (isPrivate) return perform(admitted, action, campaignId);
    if (isHeard(envelope.type)) {
      const { name: _name, ...requested } = envelope;
      tell(envelope, requested);
    }
    if (isHeard(formatEventType(envelope.name, 'started'))) {
      tell(envelope, createLifeEvent(envelope, 'started', {}, clock()));
    }
    const outcome = await perform(admitted, action, campaignId);
    tell(envelope, outcome.answer);
    return outcome;
  };

  const resolve = async (envelope: RequestEnvelope, caller: Caller): Promise<Outcome> => {
    const request = { envelope, caller };
    const action = actions.get(envelope.type);
    if (action === undefined) {
      const answerUnknown = (): Promise<Outcome> => Promise.resolve(fail(request, new EventTypeUnknownError()));
      return withRequestSpan(tracing, { envelope, isKnown: false }, answerUnknown);
    }
    const startedAt = performance.now();
    const outcome = await withRequestSpan(tracing, { envelope, isKnown: true }, () => carryOut(request, action));
    const durationSeconds = (performance.now() - startedAt) / 1000;
    metrics.handled(envelope.type, outcome.error?.type ?? 'success', durationSeconds);
    return outcome;
  };

  const register = (name: Omit<EventName, 'state'>, action: Action): void => {
    const type = formatEventType(name, 'requested');
    if (actions.has(type)) throw new Error(`${type} is registered twice.`);
    actions.set(type, action);
    for (const state of LIFE) ownTypes.add(formatEventType(name, state));
  };

  return {
    registerAction(service, action, version, handler, options = {}) {
      register({ service, action, version }, { handler, options, answers: 'success' });
    },
    registerStream(service, action, version, handler, options = {}) {
      if (streams === undefined) throw new Error('There are no streams.');
      const start: ActionHandler = (request, campaignId) =>
        streams.start({
          envelope: request.envelope,
          campaignId,
          connection: request.caller.connection,
          signal: request.caller.signal,
          fill: stream => handler(request, campaignId, stream),
        });
      register(
        { service, action, version },
        { handler: start, options: { ...options, isPrivate: true }, answers: 'started' },
      );
    },
    listRequests: () => [...actions.keys()],
    handle: async (envelope, caller) => (await resolve(envelope, caller)).answer,
    async ask(envelope, caller) {
      const { answer, error } = await resolve(envelope, caller);
      if (error !== undefined) throw error;
      return answer;
    },
    publish,
    subscribe(pattern, handler, { campaignId } = {}) {
      if (!isPattern(pattern)) throw new Error(`${pattern} is no pattern of events.`);
      const queue = createQueue(handler, { limit: queueLimit, log, metrics: queueMetrics });
      const listener: Listener = { campaignId, offer: event => queue.offer(event) };
      const those = listeners.get(pattern) ?? new Set<Listener>();
      if (those.size === 0) countTopic(pattern, 1);
      listeners.set(pattern, those.add(listener));
      return () => {
        queue.end();
        if (!those.delete(listener) || those.size > 0) return;
        listeners.delete(pattern);
        countTopic(pattern, -1);
      };
    },
  };
}

/** What an event belongs to is what was admitted, whatever its sender wrote beside it. */
function placeIn(
  { type, name, eventId, payload, metadata, timestamp }: RequestEnvelope,
  campaignId: string,
): RequestEnvelope {
  const placed: Record<string, unknown> = campaignId === '' ? {} : { campaign: { campaignId } };
  for (const key in metadata) if (key !== 'campaign') placed[key] = metadata[key as keyof EventMetadata];
  return { type, name, eventId, payload, metadata: placed, timestamp };
}

/** Whether a text is a type of events, or what types begin with. */
export function isPattern(text: string): boolean {
  return PATTERN.test(text);
}

/** The patterns that a type matches: itself, and everything that it begins with. */
export const selectPatterns: (type: string) => readonly string[] = rememberByText(
  type => {
    const [service = '', action = '', version = ''] = type.split(':', 3);
    return [type, `${service}:${action}:${version}:*`, `${service}:${action}:*`, `${service}:*`, '*'];
  },
  { max: 1_000 },
);

const selectAction: (type: string) => readonly string[] = rememberByText(type => type.split(':', 2), { max: 1_000 });

/** What waits for one handler. A handler that throws stops nothing but itself. */
function createQueue(
  handler: (event: Envelope) => void | Promise<void>,
  {
    limit,
    log,
    metrics,
  }: { limit: number; log: Pick<Logger, 'warn'>; metrics: Pick<BusMetrics, 'dropped' | 'failed'> },
) {
  const waiting: Envelope[] = [];
  let isBusy = false;
  let isEnded = false;

  const run = async (): Promise<void> => {
    // Whoever publishes is not held up by whoever listens.
    await Promise.resolve();
    for (let event = waiting.shift(); event !== undefined && !isEnded; event = waiting.shift()) {
      try {
        await handler(event);
      } catch (error) {
        metrics.failed(event.type);
        log.warn('event.handler.failed', { type: event.type, error });
      }
    }
    isBusy = false;
  };

  return {
    offer(event: Envelope): void {
      if (waiting.length >= limit) {
        metrics.dropped(event.type);
        return;
      }
      waiting.push(event);
      if (isBusy) return;
      isBusy = true;
      void run();
    },
    end(): void {
      isEnded = true;
      waiting.length = 0;
    },
  };
}
