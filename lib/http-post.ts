import { Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** What a POST sends, and how long it may take. */
export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An answer without its body. */
export interface PostAnswer {
  readonly status: number;
  readonly headers: Headers;
}

/** Sends a POST to a URL, and gives how it was answered; follows no redirect. Throws what breaks it off, a `TimeoutError` among it. */
export type Post = (url: string, options: PostOptions) => Promise<PostAnswer>;

/** Shorter than servers keep a connection that nobody uses, so that none is used just when it is closed. */
const IDLE_MS = 4_000;

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Gives a client for many small requests to one server whose answers matter by their status alone. Connections are kept. It
 * takes less than half of the time that `fetch` does, which makes streams and signals of its own for each request.
 */
export function createPost(): Post {
  const options = { keepAlive: true, timeout: IDLE_MS };
  const plain = { send: httpRequest, agent: new HttpAgent(options) };
  const secure = { send: httpsRequest, agent: new HttpsAgent(options) };
  return (url, { headers, body, timeoutMs, signal }) =>
    new Promise((resolve, reject) => {
      const { send, agent } = url.startsWith('https:') ? secure : plain;
      const length = { 'content-length': Buffer.byteLength(body ?? '') };
      const request = send(url, { method: 'POST', agent, signal, headers: { ...headers, ...length } });
      const timer = setTimeout(
        () => request.destroy(new TimeoutError(`It took longer than ${timeoutMs} ms.`)),
        timeoutMs,
      );
      const received: { answer?: PostAnswer } = {};
      request.on('response', response => {
        received.answer = { status: response.statusCode ?? 0, headers: toHeaders(response.headers) };
        // What it says besides is of no use; when it breaks off by now, that takes nothing back.
        response.on('error', () => undefined).resume();
      });
      request.on('error', reject);
      // Only now can the next request have the connection.
      request.on('close', () => {
        clearTimeout(timer);
        if (received.answer === undefined) reject(new Error('The connection was closed.'));
        else resolve(received.answer);
      });
      request.end(body);
    });
}

const toHeaders = (given: IncomingHttpHeaders): Headers =>
  new Headers(
    Object.entries(given).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
