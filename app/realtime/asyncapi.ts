import { createComponents, type Components } from '../../lib/schema/components.ts';
import { heartbeat, streamEnd, streamFailure } from '../../schemas/channel-answers.ts';
import { eventEnvelope } from '../../schemas/event-envelope.ts';
import { CHANNEL_PATH } from './channel.ts';
import { events, requests } from './declarations.ts';
import {
  type EventDeclaration,
  formatNeeds,
  type PayloadSchema,
  type RequestDeclaration,
} from './request-declaration.ts';

type Json = Readonly<Record<string, unknown>>;

const error = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'message'],
  description: 'What went wrong.',
  properties: {
    type: { type: 'string', description: 'The stable name of the error, one of docs/errors.md.' },
    message: { type: 'string', description: 'What it means, for people.' },
    details: {
      type: 'array',
      description: 'Every fault of the input.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['message'],
        description: 'One fault.',
        properties: {
          path: { type: 'string', description: 'A JSON pointer into the payload.' },
          message: { type: 'string', description: 'What is wrong.' },
        },
      },
    },
  },
} as const;

const description = `Live states of presale campaigns, over Socket.IO 4: namespace \`/\`, the token as \`auth.token\` of the handshake.

There is one event name, \`event\`, both ways. A request is acknowledged with its one answer; without an acknowledgement that comes as an
event. What a stream sends after its answer comes as events.`;

/** An event that says a payload of its own. */
interface Message {
  readonly key: string;
  readonly type: string;
  readonly title: string;
  readonly payload: PayloadSchema;
  /** The members that it has besides `type`, `eventId` and `payload`. */
  readonly members: readonly string[];
}

const ANSWER = ['causeId', 'metadata', 'timestamp'];
const EVENT = ['metadata', 'timestamp'];

/** Makes the AsyncAPI 3.0 document of the channel: of the very declarations that requests are checked by. */
export function createAsyncApi(info: { readonly version: string }): Json {
  const components = createComponents({});
  const described = Object.values(requests).map(describeRequest);
  const told = events.map(describeEvent);
  const messages = [...[...described, ...told].flatMap(one => one.messages), failure];
  const describedMessages = messages.map(message => [message.key, describeMessage(message, components)] as const);
  return {
    asyncapi: '3.0.0',
    info: { title: 'campaign-service: the channel', version: info.version, description },
    defaultContentType: 'application/json',
    servers: {
      channel: {
        host: '{host}',
        pathname: CHANNEL_PATH,
        protocol: 'ws',
        description: 'Any instance.',
        variables: { host: { default: '127.0.0.1:8080', description: 'Where the service is.' } },
        security: [{ $ref: '#/components/securitySchemes/token' }],
      },
    },
    channels: {
      event: {
        address: 'event',
        title: 'The channel',
        description: 'The one event name of Socket.IO that everything has, both ways.',
        messages: Object.fromEntries(messages.map(({ key }) => [key, { $ref: `#/components/messages/${key}` }])),
      },
    },
    operations: Object.fromEntries([
      ...[...described, ...told].flatMap(one => one.operations),
      ['failure', createOperation('send', 'What was no request at all has failed', [failure])],
    ]),
    components: {
      messages: Object.fromEntries(describedMessages),
      schemas: components.schemas,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Sent as `auth.token` of the Socket.IO handshake.',
        },
      },
    },
  };
}

/** The answer to what names no request that there is. */
const failure: Message = {
  key: 'failure',
  type: 'failed',
  title: 'The answer to what is no request, or none that there is',
  payload: createFailure({}),
  members: EVENT,
};

interface Described {
  readonly messages: readonly Message[];
  readonly operations: readonly (readonly [string, Json])[];
}

function describeRequest(declaration: RequestDeclaration): Described {
  const { name, summary, payload, answer, item, isPublished = false } = declaration;
  const id = name.replace(':', '.');
  const message = (state: string, title: string, schema: PayloadSchema, members: readonly string[]): Message => ({
    key: `${id}.${state}`,
    type: `${name}:v1:${state}`,
    title,
    payload: schema,
    members,
  });
  const requested = message('requested', summary, payload, []);
  const done = message(item === undefined ? 'success' : 'started', answer.description, answer, ANSWER);
  const failed = message(
    'failed',
    'It failed',
    createFailure({ ...declaration.failure, ...(item !== undefined && streamFailure) }),
    // What came without an id has no cause.
    EVENT,
  );
  const streamed = item === undefined ? [] : describeStream(item, message);
  const started = message('started', 'It is under way', { type: 'object', description: 'Nothing more.' }, ANSWER);
  const needs = formatNeeds(declaration);
  const operation = {
    ...createOperation('receive', summary, [requested]),
    ...(needs !== '' && { description: `Needs: ${needs}.` }),
    reply: createReply([done, failed]),
  };
  return {
    messages: [requested, done, failed, ...streamed, ...(isPublished ? [started] : [])],
    operations: [
      [id, operation],
      ...(item === undefined
        ? []
        : [[`${id}.items`, createOperation('send', item.description, [...streamed, failed])] as const]),
      ...(isPublished
        ? [
            [
              `${id}.life`,
              createOperation('send', 'What is heard of it by `nexus:subscribe`', [requested, started, done, failed]),
            ] as const,
          ]
        : []),
    ],
  };
}

function describeStream(
  item: PayloadSchema,
  message: (state: string, title: string, schema: PayloadSchema, members: readonly string[]) => Message,
): Message[] {
  const seq = { type: 'integer', minimum: 1, description: 'Counts the items, without a gap.' };
  const numbered = {
    ...item,
    required: ['seq', ...(item.required ?? [])],
    properties: { seq, ...item.properties },
  };
  return [
    message('stream', 'An item', numbered, ANSWER),
    message('heartbeat', 'The stream is alive', heartbeat, ANSWER),
    message('success', 'The end of the stream', streamEnd, ANSWER),
  ];
}

function describeEvent({ type, summary, payload }: EventDeclaration): Described {
  const [service = '', action = ''] = type.split(':');
  const message = { key: `${service}.${action}.event`, type, title: summary, payload, members: EVENT };
  return {
    messages: [message],
    operations: [[`${service}.${action}.event`, createOperation('send', summary, [message])]],
  };
}

function createOperation(action: 'send' | 'receive', summary: string, messages: readonly Message[]): Json {
  return { action, summary, ...createReply(messages) };
}

function createReply(messages: readonly Message[]): Json {
  return {
    channel: { $ref: '#/channels/event' },
    messages: messages.map(({ key }) => ({ $ref: `#/channels/event/messages/${key}` })),
  };
}

function createFailure(besides: Json): PayloadSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['error'],
    description: 'What went wrong, and what helps to go on.',
    properties: { error: { ...error, $id: 'Error' }, ...besides },
  };
}

function describeMessage({ key, type, title, payload, members }: Message, components: Components): Json {
  const isAny = type === failure.type;
  return {
    name: isAny ? key : type,
    title,
    payload: {
      allOf: [
        components.take(eventEnvelope),
        {
          type: 'object',
          required: ['type', 'eventId', ...((payload.required ?? []).length > 0 ? ['payload'] : []), ...members],
          properties: {
            type: isAny ? { type: 'string', pattern: ':failed$' } : { const: type },
            payload: components.take(payload),
          },
        },
      ],
    },
  };
}
