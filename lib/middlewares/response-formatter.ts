import { createIsoClock } from '../iso-clock.ts';
import { type ByteString, toByteString } from '../representation.ts';
import { matchesEtag } from './etag.ts';
import {
  type AppContext,
  type AppMiddleware,
  type DataReply,
  type RawReply,
  type ReplyMeta,
  type RepresentationReply,
  type StreamReply,
} from './request-state.ts';
import { type Answer, beginAnswer, handOverAnswer, writeAnswer } from './response-writer.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Under this, an answer is sent as it is, whatever the client accepts. */
export const COMPRESSION_THRESHOLD_BYTES = 1024;
const ACCEPTS_GZIP = /(?:^|[\s,])(?:gzip|\*)\s*(?:$|,|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))/i;

/** Turns `ctx.state.reply` into the answer. What is not a reply (a handler that wrote by itself) is left alone. */
export function createResponseFormatter({ now }: { readonly now?: () => number } = {}): AppMiddleware {
  const selectIsoTime = createIsoClock(now);
  return async (ctx, next) => {
    await next();
    const { reply } = ctx.state;
    // After the deadline the answer is out already, and nobody waits for this one.
    if (reply === undefined || ctx.res.headersSent) return;
    if ('representation' in reply) answerRepresentation(ctx, reply, selectIsoTime);
    else if ('data' in reply) answerData(ctx, reply, selectIsoTime);
    else if ('raw' in reply) answerRaw(ctx, reply);
    else if ('stream' in reply) answerStream(ctx, reply);
    else writeAnswer(ctx, { status: reply.status, body: null, headers: reply.headers });
  };
}

function answerRepresentation(ctx: AppContext, reply: RepresentationReply, selectIsoTime: () => string): void {
  const { representation, status = 200, headers } = reply;
  const { etag } = representation;
  const requestHeaders = ctx.req.headers;
  const ifNoneMatch = requestHeaders['if-none-match'];
  if (ifNoneMatch !== undefined && status === 200 && isRead(ctx) && matchesEtag(ifNoneMatch, etag)) {
    writeAnswer(ctx, { status: 304, body: null, etag, isNegotiated: true, headers });
    return;
  }
  const tail = encodeMetaTail(ctx.state.correlation, selectIsoTime(), reply.meta);
  const acceptEncoding = requestHeaders['accept-encoding'];
  const gzip =
    acceptEncoding !== undefined && ACCEPTS_GZIP.test(acceptEncoding) ? representation.encodeGzip(tail) : null;
  writeAnswer(
    ctx,
    gzip === null
      ? { status, body: representation.encode(tail), type: JSON_TYPE, etag, isNegotiated: true, headers }
      : { status, body: gzip, type: JSON_TYPE, encoding: 'gzip', etag, isNegotiated: true, headers },
  );
}

function answerData(ctx: AppContext, reply: DataReply, selectIsoTime: () => string): void {
  const { data, status = 200, headers } = reply;
  const tail = encodeMetaTail(ctx.state.correlation, selectIsoTime(), reply.meta);
  const body = toByteString(`{"data":${JSON.stringify(data ?? null)},"meta":{`) + tail;
  answer(ctx, { status, body, type: JSON_TYPE, isNegotiated: true, headers });
}

function answerRaw(ctx: AppContext, reply: RawReply): void {
  const { raw, type, status = 200, headers } = reply;
  const body = typeof raw === 'string' ? toByteString(raw) : raw;
  answer(ctx, { status, body, type, isNegotiated: true, headers });
}

/** What follows the head is no part of the request any more: the deadline, the log and the metrics are about its beginning. */
function answerStream(ctx: AppContext, { stream, type, status = 200, headers }: StreamReply): void {
  beginAnswer(ctx, { status, body: null, type, headers });
  if (ctx.req.method === 'HEAD') ctx.res.end();
  else stream(ctx.res, ctx.state.throwIfOver ?? (() => undefined));
}

function answer(ctx: AppContext, finished: Answer): void {
  const isWorthCompressing =
    ctx.state.acceptsCompression === true && (finished.body?.length ?? 0) >= COMPRESSION_THRESHOLD_BYTES;
  if (isWorthCompressing) handOverAnswer(ctx, finished);
  else writeAnswer(ctx, finished);
}

function isRead(ctx: AppContext): boolean {
  return ctx.req.method === 'GET' || ctx.req.method === 'HEAD';
}

/** The part of the envelope that is new on each answer, up to its end. The correlation id is well-formed: no escapes. */
function encodeMetaTail(correlation: string, timestamp: string, meta: ReplyMeta | undefined): ByteString {
  const tail = `"correlation":"${correlation}","timestamp":"${timestamp}"}}`;
  if (meta === undefined) return tail;
  const members = JSON.stringify(meta).slice(1, -1);
  return members === '' ? tail : `${toByteString(members)},${tail}`;
}
