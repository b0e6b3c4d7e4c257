import { type Writable } from 'node:stream';
import type Koa from 'koa';
import { type Actor } from '../auth/actor.ts';
import { type Representation } from '../representation.ts';
import { type RequestContext } from '../request-context.ts';

/** Response headers by lower-case name. */
export type ReplyHeaders = Readonly<Record<string, string>>;

/** Members of the envelope's `meta` besides `correlation` and `timestamp`. */
export type ReplyMeta = Readonly<Record<string, unknown>>;

interface ReplyBase {
  /** 200 when left out. */
  readonly status?: number;
  /** They override the defaults (`cache-control: private, no-store` among them). */
  readonly headers?: ReplyHeaders;
}

/** An answer in the envelope `{ data, meta }`. */
export interface DataReply extends ReplyBase {
  readonly data: unknown;
  readonly meta?: ReplyMeta;
}

/** A document that is encoded already; answered with its ETag, or with 304 when the client has it. */
export interface RepresentationReply extends ReplyBase {
  readonly representation: Representation;
  readonly meta?: ReplyMeta;
}

/** An answer outside the envelope, with its media type. */
export interface RawReply extends ReplyBase {
  readonly raw: Buffer | string;
  readonly type: string;
}

/** An answer without a body. */
export interface EmptyReply extends ReplyBase {
  readonly status: 204;
}

/** An answer that goes on as long as there is something to say: its head is sent, then it is handed over. */
export interface StreamReply extends ReplyBase {
  /** Its media type. */
  readonly type: string;
  /** Writes to the output and ends it. `throwIfOver` throws once the token of the request is over. */
  readonly stream: (output: Writable, throwIfOver: () => void) => void;
}

/** What a route answers. */
export type Reply = DataReply | RepresentationReply | RawReply | EmptyReply | StreamReply;

/** How much of its rate a caller has left; shown in the `RateLimit-*` headers. */
export interface RateLimitState {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** The typed `ctx.state`: each field is written by the middleware that is named after it. */
export interface RequestState<A extends Actor = Actor> {
  /** Set by correlation. */
  correlation: string;
  /** Set by context. */
  request: RequestContext;
  /** Set by jwt: null without a (good) token. */
  actor: A | null;
  /** Set by jwt: why the token that came is not good; thrown for routes that need one. */
  authError: Error | null;
  /** Set by jwt with a good token: throws once it is expired or revoked. */
  throwIfOver?: () => void;
  /** Set by body: why the body could not be read; thrown inside the error formatter. */
  bodyError?: Error;
  /** Set by the router: the pattern of the route, for metrics, spans and the access log. Undefined when none matched. */
  routePattern?: string;
  /** Set by the router: what responseFormatter answers. */
  reply?: Reply;
  /** Set by rateLimit. */
  rateLimit?: RateLimitState;
  /** Set by compress: whether the client reads a compressed body. */
  acceptsCompression?: boolean;
  /** Set by whoever writes the answer: the size of its body. */
  sentBytes?: number;
}

/** Koa's context as the middlewares and the router see it. */
export type AppContext<A extends Actor = Actor> = Koa.ParameterizedContext<RequestState<A>>;

/** A middleware of the pipeline. */
export type AppMiddleware<A extends Actor = Actor> = (ctx: AppContext<A>, next: () => Promise<void>) => Promise<void>;
