import { type EncodedBody } from '../representation.ts';
import { type AppContext, type ReplyHeaders } from './request-state.ts';

const NO_HEADERS: ReplyHeaders = {};
const DEFAULT_CACHE_CONTROL = 'private, no-store';

/** What stands on every answer, as names and values in turn. Pages add their own content security policy. */
const SECURITY_HEADERS = [
  'x-content-type-options',
  'nosniff',
  'x-frame-options',
  'DENY',
  'referrer-policy',
  'no-referrer',
] as const;

export interface Answer {
  readonly status: number;
  /** Null for an answer without a body. */
  readonly body: EncodedBody | null;
  /** The media type of the body. */
  readonly type?: string;
  /** The content coding of the body, when it has one. */
  readonly encoding?: 'gzip';
  readonly etag?: string;
  /** Whether the body comes later, of a length that nobody knows. */
  readonly isOpenEnded?: boolean;
  /** Whether the answer depends on `Accept-Encoding`. */
  readonly isNegotiated?: boolean;
  readonly headers?: ReplyHeaders | undefined;
}

/**
 * Writes an answer with its headers in one piece, past Koa's own `respond` (which sets each header by itself and
 * looks at the body four times). Does nothing when the answer is written already, as after a deadline.
 */
export function writeAnswer(ctx: AppContext, answer: Answer): void {
  const { res, state } = ctx;
  ctx.respond = false;
  if (res.headersSent) return;
  const { body } = answer;
  state.sentBytes = body === null ? 0 : body.length;
  res.writeHead(answer.status, listHeaders(ctx, answer));
  if (body === null) res.end();
  else if (typeof body === 'string') res.end(body, 'latin1');
  else res.end(body);
}

/** Writes the head of an answer whose body comes piece by piece, by whoever has the response. It is never compressed. */
export function beginAnswer(ctx: AppContext, answer: Answer): void {
  const { res } = ctx;
  ctx.respond = false;
  res.writeHead(answer.status, listHeaders(ctx, { ...answer, isOpenEnded: true }));
}

/** Leaves an answer to Koa, so that the compress middleware can still change it. */
export function handOverAnswer(ctx: AppContext, answer: Answer): void {
  const { res } = ctx;
  if (res.headersSent) return;
  ctx.status = answer.status;
  const headers = listHeaders(ctx, answer);
  for (let index = 0; index < headers.length; index += 2) {
    res.setHeader(headers[index] as string, headers[index + 1] as string);
  }
  ctx.body = typeof answer.body === 'string' ? Buffer.from(answer.body, 'latin1') : answer.body;
}

/** The headers of an answer, as names and values in turn: the shape that Node writes without building an object. */
function listHeaders({ state }: AppContext, answer: Answer): string[] {
  const { body, type, encoding, etag, headers = NO_HEADERS } = answer;
  const list: string[] = ['x-correlation-id', state.correlation, ...SECURITY_HEADERS];
  if (answer.isOpenEnded === true) {
    if (type !== undefined) list.push('content-type', type);
  } else if (body !== null) {
    if (type !== undefined) list.push('content-type', type);
    list.push('content-length', String(body.length));
    if (encoding !== undefined) list.push('content-encoding', encoding);
  } else if (answer.status !== 204 && answer.status !== 304) {
    list.push('content-length', '0');
  }
  if (etag !== undefined) list.push('etag', etag);
  if (answer.isNegotiated === true && headers['vary'] === undefined) list.push('vary', 'accept-encoding');
  if (headers['cache-control'] === undefined) list.push('cache-control', DEFAULT_CACHE_CONTROL);
  if (state.rateLimit !== undefined) {
    const { limit, remaining, resetSeconds } = state.rateLimit;
    list.push(
      'ratelimit-limit',
      String(limit),
      'ratelimit-remaining',
      String(remaining),
      'ratelimit-reset',
      String(resetSeconds),
    );
  }
  for (const name in headers) list.push(name, headers[name] as string);
  return list;
}
