import { type MessageView } from './websocket.ts';

/** What clients are told of the state, in one frame. */
export interface StateFrame {
  /** Which of the fleet's campaigns it is about. */
  readonly campaign: number;
  readonly fromVersion: number;
  readonly toVersion: number;
  /** Whether it is the whole state, which may follow anything. */
  readonly isSnapshot: boolean;
  /** How many updates it tells of. */
  readonly patches: number;
  /** When each of them was sent, as `performance.now()` of the generator tells. */
  readonly sentAt: readonly number[];
}

/** The answer to an update. */
export interface Answer {
  readonly number: number;
  /** The error's type; undefined when the update was accepted. */
  readonly refusal: string | undefined;
  /** 0 where a peer does not say. */
  readonly version: number;
}

/** How a server is spoken to. */
export interface Dialect {
  readonly path: string;
  /** Says what to send when a message came before the client is ready (`undefined`: it just connected); null when it is ready. */
  greet(message: string | undefined, options: GreetOptions): readonly string[] | null;
  /** An update of a campaign, a merge patch as JSON text, under this number. */
  formatUpdate(number: number, campaignId: string, patch: string): string;
  classify(view: MessageView): 'state' | 'answer' | 'ping' | 'other';
  readAnswer(text: string): Answer;
  /** How frames of the state are read. Without it each is taken for one update, and none is looked at. */
  readonly state?: {
    /** What tells a frame from others, by its beginning: the same for all who are sent the same. Undefined when it is none. */
    selectKey(view: MessageView): string | undefined;
    read(text: string, campaigns: readonly string[]): StateFrame;
  };
  readonly pong?: string;
}

export interface GreetOptions {
  readonly token: string;
  /** The campaigns to subscribe to; none for those who only publish. */
  readonly campaigns: readonly string[];
}

const ENGINE_PATH = '/socket.io/?EIO=4&transport=websocket';
const STATE_BEGINNING = '42["event",{"type":"campaign:state:v1:success","eventId":"';
const STATE_MARK = Buffer.from(STATE_BEGINNING);
const UUID_LENGTH = 36;
/** Answers to subscriptions have numbers beyond those of updates. */
const SUBSCRIPTION = 1_000_000_000;

const code = (text: string): number => text.charCodeAt(0);
const [TWO, THREE, FOUR] = [code('2'), code('3'), code('4')];

/** Of Engine.IO's packets: 2 is a ping, 4 a message; of Socket.IO's: 2 an event, 3 an answer. */
function classifySocketIo({ data, start, end }: MessageView): ReturnType<Dialect['classify']> {
  if (data[start] === TWO) return 'ping';
  if (data[start] !== FOUR || end - start < 2) return 'other';
  return data[start + 1] === TWO ? 'state' : data[start + 1] === THREE ? 'answer' : 'other';
}

const startsWith = ({ data, start }: MessageView, mark: Buffer): boolean =>
  data.length - start >= mark.length && data.compare(mark, 0, mark.length, start, start + mark.length) === 0;

/** The number and the content of an answer of Socket.IO: `43<number>[…]`. */
function splitAnswer(text: string): { readonly number: number; readonly content: readonly unknown[] } {
  const at = text.indexOf('[');
  return { number: Number(text.slice(2, at)), content: JSON.parse(text.slice(at)) as unknown[] };
}

interface Told {
  readonly version: number;
  readonly patch?: Readonly<Record<string, { readonly sentAt?: number } | null>>;
}

const selectSentAt = ({ patch = {} }: Told): number[] =>
  Object.values(patch).flatMap(member => (typeof member?.sentAt === 'number' ? [member.sentAt] : []));

/** The service's own: envelopes over Socket.IO. */
export const serviceDialect: Dialect = {
  path: ENGINE_PATH,
  greet(message, { token, campaigns }) {
    if (message === undefined) return [];
    if (message.startsWith('0')) return [`40${JSON.stringify({ token })}`];
    if (message.startsWith('44')) throw new Error(`The server does not let a client in: ${message.slice(0, 200)}`);
    if (message.startsWith('40')) {
      if (campaigns.length === 0) return null;
      return campaigns.map((campaignId, at) =>
        formatRequest(SUBSCRIPTION + at, 'campaign:subscribe:v1:requested', { campaignId }),
      );
    }
    if (message === '2') return ['3'];
    if (!message.startsWith('43')) return [];
    const { number, content } = splitAnswer(message);
    const [{ type, payload }] = content as [{ type: string; payload: unknown }];
    if (!type.endsWith(':success')) throw new Error(`A subscription was refused: ${JSON.stringify(payload)}`);
    return number === SUBSCRIPTION + campaigns.length - 1 ? null : [];
  },
  formatUpdate: (number, campaignId, patch) =>
    formatRequest(number, 'campaign:update:v1:requested', `{"campaignId":"${campaignId}","updates":${patch}}`),
  classify: view => {
    const kind = classifySocketIo(view);
    return kind === 'state' && !startsWith(view, STATE_MARK) ? 'other' : kind;
  },
  readAnswer(text) {
    const { number, content } = splitAnswer(text);
    const [{ payload }] = content as [{ payload: { version?: number; error?: { type: string } } }];
    return { number, refusal: payload.error?.type, version: payload.version ?? 0 };
  },
  state: {
    selectKey: view =>
      startsWith(view, STATE_MARK)
        ? view.data.toString('latin1', view.start + STATE_MARK.length, view.start + STATE_MARK.length + UUID_LENGTH)
        : undefined,
    read: readState,
  },
  pong: '3',
};

interface StatePayload extends Told {
  readonly campaignId: string;
  readonly state?: unknown;
  readonly versions?: readonly Told[];
}

let requests = 0;
const sender = Math.random().toString(36).slice(2);

function formatRequest(number: number, type: string, payload: object | string): string {
  requests += 1;
  const content = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return `42${number}["event",{"type":"${type}","eventId":"bench-${sender}-${requests}","payload":${content}}]`;
}

function readState(text: string, campaigns: readonly string[]): StateFrame {
  const [, { payload }] = JSON.parse(text.slice(2)) as [string, { payload: StatePayload }];
  const isSnapshot = payload.state !== undefined;
  const told = payload.versions ?? (isSnapshot ? [] : [payload]);
  return {
    campaign: campaigns.indexOf(payload.campaignId),
    fromVersion: told[0]?.version ?? payload.version,
    toVersion: told.at(-1)?.version ?? payload.version,
    isSnapshot,
    patches: told.length,
    sentAt: told.flatMap(selectSentAt),
  };
}

/** A bare server over Socket.IO: `update` with an acknowledgement, `patch` to those who said `subscribe`. */
export const socketIoDialect: Dialect = {
  path: ENGINE_PATH,
  greet: (message, { campaigns }) => {
    if (message === undefined) return [];
    if (message.startsWith('0')) return ['40'];
    if (message.startsWith('40')) return campaigns.length === 0 ? null : [`42${SUBSCRIPTION}["subscribe"]`];
    return message.startsWith('43') ? null : [];
  },
  formatUpdate: (number, _campaignId, patch) => `42${number}["update",${patch}]`,
  classify: classifySocketIo,
  readAnswer(text) {
    const { number, content } = splitAnswer(text);
    return { number, refusal: undefined, version: (content[0] as Told).version };
  },
  pong: '3',
};

/** Feathers over Socket.IO: `patch` of a service, whose events are the whole documents. */
export const feathersDialect: Dialect = {
  ...socketIoDialect,
  formatUpdate: (number, campaignId, patch) => `42${number}["patch","campaigns","${campaignId}",${patch}]`,
  readAnswer(text) {
    const { number, content } = splitAnswer(text);
    const [error] = content as [{ name: string } | null];
    return { number, refusal: error?.name, version: 0 };
  },
};

const COMMA = code(',');
const VERSION_MARK = Buffer.from('{"version":');

/** A bare server over `ws`: `{"id", "patch"}`, answered with `{"id", "version"}`; subscribers get `{"version", "patch"}`. */
export const plainDialect: Dialect = {
  path: '/',
  greet: (message, { campaigns }) => (message !== undefined || campaigns.length === 0 ? null : ['subscribe']),
  formatUpdate: (number, _campaignId, patch) => `{"id":${number},"patch":${patch}}`,
  classify: view => (startsWith(view, VERSION_MARK) ? 'state' : 'answer'),
  readAnswer(text) {
    const { id, version } = JSON.parse(text) as { id: number; version: number };
    return { number: id, refusal: undefined, version };
  },
  state: {
    selectKey: view => {
      if (!startsWith(view, VERSION_MARK)) return undefined;
      return view.data.toString('latin1', view.start, view.data.indexOf(COMMA, view.start));
    },
    read(text) {
      const told = JSON.parse(text) as Told;
      const { version } = told;
      const sentAt = selectSentAt(told);
      return { campaign: 0, fromVersion: version, toVersion: version, isSnapshot: false, patches: 1, sentAt };
    },
  },
};

export const dialects = {
  service: serviceDialect,
  socketIo: socketIoDialect,
  feathers: feathersDialect,
  plain: plainDialect,
} as const;

export type DialectName = keyof typeof dialects;
