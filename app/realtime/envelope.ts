import { randomUUID } from 'node:crypto';
import { type ErrorDetail, InternalError, ServiceError, ValidationError } from '../../lib/errors.ts';
import { throwIfUnsafeJson } from '../../lib/json-guard.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { type EventState, eventEnvelope } from '../../schemas/event-envelope.ts';
import { EventExpiredError } from '../errors.ts';

/** The parts of an event's type: `campaign:update:v1:requested`. */
export interface EventName {
  readonly service: string;
  readonly action: string;
  readonly version: number;
  readonly state: EventState;
}

/** What an event belongs to. Whose it is, the server says. */
export interface EventMetadata {
  readonly correlation?: string;
  /** The W3C header of the trace that the event is part of. */
  readonly traceparent?: string;
  readonly campaign?: { readonly campaignId: string };
  readonly user?: { readonly userId: string };
  readonly device?: { readonly deviceId: string };
  readonly session?: { readonly sessionId: string };
}

export type EventPayload = Readonly<Record<string, unknown>>;

/** An event as it travels, in both directions and through every door. */
export interface Envelope {
  readonly type: string;
  /** Made by the sender; of a request it is the idempotency key. */
  readonly eventId: string;
  /** Of an answer: the request's `eventId`. */
  readonly causeId?: string;
  readonly payload: EventPayload;
  readonly metadata: EventMetadata;
  /** ISO 8601. */
  readonly timestamp: string;
}

/** A request that was checked, with the parts of its type. */
export interface RequestEnvelope extends Envelope {
  readonly name: EventName;
}

/** What a failure tells: an error of the REST API's list, and what helps to go on. */
export interface Failure {
  readonly error: { readonly type: string; readonly message: string; readonly details?: readonly ErrorDetail[] };
}

/** How long a repeat is certain to be known as one. What waited longer is refused. */
export const EVENT_MAX_AGE_MS = 24 * 3600 * 1000;

const TYPE = /^([a-z][a-z0-9_]*):([a-z][a-z0-9_]*):v([1-9][0-9]*):([a-z]+)$/;

/** The names of older senders. */
const aliases: Readonly<Record<string, string>> = { 'campaign:state:request': 'campaign:state:v1:requested' };
const camelCase: Readonly<Record<string, string>> = {
  campaign_id: 'campaignId',
  context_id: 'contextId',
  peer_id: 'peerId',
  user_id: 'userId',
  device_id: 'deviceId',
  session_id: 'sessionId',
  event_id: 'eventId',
};

const envelopes: Validator<Partial<Envelope> & Pick<Envelope, 'type' | 'eventId'>> = createValidator(eventEnvelope);

/** Writes the type of an event: what it is about, and which step of that it tells of. */
export function formatEventType(name: Omit<EventName, 'state'>, state: EventState): string {
  return `${formatEventName(name)}:${state}`;
}

/** Writes what a type begins with, whatever state it tells of. */
export function formatEventName({ service, action, version }: Omit<EventName, 'state'>): string {
  return `${service}:${action}:v${version}`;
}

/** Reads the parts of a type whose form was checked. */
export function selectEventName(type: string): EventName {
  const [, service = '', action = '', version = '', state = ''] = TYPE.exec(type) ?? [];
  return { service, action, version: Number(version), state: state as EventState };
}

/**
 * Checks a request as it came from outside, under the names that the wire has today. Whose it is, it cannot say:
 * `userId` is put in its place; `correlation` where it names none. Throws `ValidationError`, and `EventExpiredError` for
 * one that waited too long.
 */
export function readRequest(
  input: unknown,
  {
    userId,
    now,
    correlation,
  }: { readonly userId: string; readonly now: Date; readonly correlation?: string | undefined },
): RequestEnvelope {
  const given = translate(input);
  envelopes.throwIfInvalid(given);
  const { type, eventId, payload = {}, metadata, timestamp } = given;
  if (timestamp !== undefined && now.getTime() - Date.parse(timestamp) > EVENT_MAX_AGE_MS)
    throw new EventExpiredError();
  // It goes on to all who hear of the request; what is in the payload, each action looks at.
  if (metadata !== undefined) throwIfUnsafeJson({ metadata });
  return {
    type,
    name: selectEventName(type),
    eventId,
    payload,
    metadata:
      metadata === undefined
        ? { correlation: correlation ?? eventId, user: { userId } }
        : { correlation: correlation ?? eventId, ...metadata, user: { userId } },
    timestamp: timestamp ?? now.toISOString(),
  };
}

/** Says the event id of what may be no envelope at all, so that the answer to it can be told from others. */
export function peekEventId(input: unknown): string | undefined {
  const { eventId } = isRecord(input) ? rename(input) : {};
  return typeof eventId === 'string' && eventId.length <= 128 ? eventId : undefined;
}

/** The type of the answer to what may be no envelope at all. */
export function peekFailedType(input: unknown): string {
  const { type } = isRecord(input) ? input : {};
  const isKnownForm = typeof type === 'string' && type.length <= 200 && TYPE.test(type);
  return isKnownForm ? formatEventType(selectEventName(type), 'failed') : 'nexus:request:v1:failed';
}

/** Makes an event of the server's own. */
export function createEvent(
  type: string,
  payload: EventPayload,
  {
    metadata = {},
    causeId,
    at,
  }: { readonly metadata?: EventMetadata; readonly causeId?: string | undefined; readonly at: Date },
): Envelope {
  // Each event takes this way. A literal of all members costs nothing, one with some spread into it a microsecond.
  const eventId = randomUUID();
  const timestamp = at.toISOString();
  return causeId === undefined
    ? { type, eventId, payload, metadata, timestamp }
    : { type, eventId, causeId, payload, metadata, timestamp };
}

/** Makes an event of a request's life: its answer, or that it is under way. */
export function createLifeEvent(
  { name, eventId, metadata }: RequestEnvelope,
  state: EventState,
  payload: EventPayload,
  at: Date,
): Envelope {
  return createEvent(formatEventType(name, state), payload, { metadata, causeId: eventId, at });
}

/** Makes of whatever was thrown the error that callers see. */
export function toServiceError(error: unknown): ServiceError {
  return error instanceof ServiceError ? error : new InternalError(error);
}

/** What a failure says to the one who asked. */
export function formatFailure({ type, message, details }: ServiceError): Failure {
  return { error: { type, message, ...(details !== undefined && { details }) } };
}

/** Today's names for what an older sender wrote: of the envelope, of its payload, and of the parts of its metadata. */
function translate(input: unknown): unknown {
  if (!isRecord(input)) throw new ValidationError([{ path: '', message: 'must be an object' }]);
  if (!isOfOlderSender(input)) return input;
  const { type, payload, metadata, ...rest } = rename(input);
  const parts = isRecord(metadata)
    ? Object.fromEntries(Object.entries(metadata).map(([key, part]) => [key, isRecord(part) ? rename(part) : part]))
    : metadata;
  return {
    ...rest,
    type: typeof type === 'string' && Object.hasOwn(aliases, type) ? aliases[type] : type,
    ...(payload !== undefined && { payload: isRecord(payload) ? rename(payload) : payload }),
    ...(metadata !== undefined && { metadata: parts }),
  };
}

function isOfOlderSender(input: Readonly<Record<string, unknown>>): boolean {
  const { type, payload, metadata } = input;
  return (
    hasOldName(input) ||
    (typeof type === 'string' && Object.hasOwn(aliases, type)) ||
    (isRecord(payload) && hasOldName(payload)) ||
    (isRecord(metadata) && Object.values(metadata).some(part => isRecord(part) && hasOldName(part)))
  );
}

function hasOldName(given: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(given).some(key => Object.hasOwn(camelCase, key));
}

function rename(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!hasOldName(given)) return given;
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      Object.hasOwn(camelCase, key) ? (camelCase[key] as string) : key,
      value,
    ]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
