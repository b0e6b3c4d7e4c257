import { type Config } from '../../config/schema.ts';
import { createPost, type PostAnswer } from '../../lib/http-post.ts';
import { selectRetryAfterMs } from '../../lib/http-response.ts';
import { DeliveryError } from './message-sender.ts';

/** What is to leave the CDN: what is tagged with a surrogate key, or what lies at a URL. */
export type PurgeTarget = { readonly key: string } | { readonly url: string };

/** What came of purging one target: undefined, or why it is still there. */
export interface PurgeFailure {
  readonly error: Error;
  /** How long Fastly asks to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

interface Refusal extends PurgeFailure {
  /** Undefined when there was no answer. */
  readonly status?: number;
}

/** The CDN as far as the service uses it. */
export interface Cdn {
  /** Purges targets, each once. Gives what failed; throws when nothing was purged and it is not known when it will be. */
  purge(targets: readonly PurgeTarget[], signal: AbortSignal): Promise<ReadonlyMap<PurgeTarget, PurgeFailure>>;
}

/** How many keys one request may name. */
const KEYS_PER_REQUEST = 256;
/** A URL takes a request of its own; so many are under way at once. */
const URLS_AT_ONCE = 8;
/** The longest wait that an answer can ask for: a clock that is wrong must not stop deliveries for good. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/**
 * Gives the client of Fastly's purging API: `POST /service/<id>/purge` with up to 256 keys in its body, and
 * `POST /purge/<url>` for each URL. A URL that Fastly does not know needs no purge.
 *
 * @param now milliseconds since 1970
 */
export function createCdn(
  { serviceId, apiToken, apiUrl, softPurge, timeoutMs }: Config['fastly'] & { readonly serviceId: string },
  { now = Date.now }: { readonly now?: () => number } = {},
): Cdn {
  const base = apiUrl.replace(/\/+$/, '');
  const send = createPost();

  const post = async (path: string, signal: AbortSignal, body?: object): Promise<Refusal | undefined> => {
    let answer: PostAnswer;
    try {
      answer = await send(`${base}${path}`, {
        headers: {
          accept: 'application/json',
          'fastly-key': apiToken ?? '',
          ...(softPurge && { 'fastly-soft-purge': '1' }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        timeoutMs,
        signal,
      });
    } catch (error) {
      return { error: new DeliveryError(`Fastly does not answer: ${selectReason(error)}.`, { cause: error }) };
    }
    const { status, headers } = answer;
    // A redirect is none of these: the token goes to the configured host alone.
    if (status >= 200 && status < 300) return undefined;
    const retryAfterMs = selectWaitMs(headers, now);
    return {
      status,
      error: new DeliveryError(describeRefusal(status, serviceId)),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  };

  const purgeKeys = async (keys: readonly string[], signal: AbortSignal): Promise<PurgeFailure | undefined> =>
    post(`/service/${serviceId}/purge`, signal, { surrogate_keys: keys });

  const purgeUrl = async (url: string, signal: AbortSignal): Promise<PurgeFailure | undefined> => {
    const { host, pathname } = new URL(url);
    const failure = await post(`/purge/${host}${pathname}`, signal);
    return failure?.status === 404 ? undefined : failure;
  };

  return {
    async purge(targets, signal) {
      const failures = new Map<PurgeTarget, PurgeFailure>();
      const keyed = targets.filter(target => 'key' in target);
      for (let at = 0; at < keyed.length; at += KEYS_PER_REQUEST) {
        const part = keyed.slice(at, at + KEYS_PER_REQUEST);
        const failure = await purgeKeys(
          part.map(({ key }) => key),
          signal,
        );
        if (failure !== undefined) for (const target of part) failures.set(target, failure);
      }
      const urls = targets.filter(target => 'url' in target);
      const purgeUrls = async (): Promise<void> => {
        for (let target = urls.pop(); target !== undefined; target = urls.pop()) {
          const failure = await purgeUrl(target.url, signal);
          if (failure !== undefined) failures.set(target, failure);
        }
      };
      await Promise.all(Array.from({ length: URLS_AT_ONCE }, purgeUrls));
      const [first] = failures.values();
      if (first !== undefined && failures.size === targets.length && first.retryAfterMs === undefined) {
        throw first.error;
      }
      return failures;
    },
  };
}

function describeRefusal(status: number, serviceId: string): string {
  if (status === 401 || status === 403) {
    return `Fastly answers ${status}: FASTLY_API_TOKEN is not valid, or may not purge the service ${serviceId}.`;
  }
  if (status === 404) return `Fastly answers 404: it knows no service ${serviceId} (FASTLY_SERVICE_ID).`;
  return `Fastly answers ${status}.`;
}

/** Reads how long to wait from `Retry-After`, or else from when Fastly's limit is reset (UTC seconds). */
function selectWaitMs(headers: Headers, now: () => number): number | undefined {
  const reset = headers.get('fastly-ratelimit-reset') ?? '';
  const untilReset = /^\d+$/.test(reset) ? Math.max(0, Number(reset) * 1000 - now()) : undefined;
  const waitMs = selectRetryAfterMs(headers, now) ?? untilReset;
  return waitMs === undefined ? undefined : Math.min(waitMs, MAX_RETRY_AFTER_MS);
}

/** The code says why a connection failed, and the name what ended the request. */
function selectReason(error: unknown): string {
  const { name, code } = error as Error & { code?: unknown };
  return name === 'Error' && typeof code === 'string' ? code : name;
}
