import { type AnyRoute } from '../../app/router/route.ts';
import { createResponseCheck, type RawAnswer, type ResponseCheck } from './response-check.ts';

export interface RequestOptions {
  /** What is sent as JSON. */
  readonly body?: unknown;
  /** What is sent as it is, instead. */
  readonly rawBody?: string | Uint8Array;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Meta {
  readonly correlation: string;
  readonly timestamp: string;
  readonly locale?: string;
  readonly cache?: string;
  readonly pagination?: { readonly page: number; readonly pageSize: number; readonly total: number };
  readonly [member: string]: unknown;
}

export interface ErrorBody {
  readonly type: string;
  readonly message: string;
  readonly correlation: string;
  readonly details?: readonly { readonly path?: string; readonly message: string }[];
}

/** An answer that was checked against the declaration of its route. */
export class Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;

  constructor({ status, headers, text }: RawAnswer) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  /** The parsed body. */
  get body(): unknown {
    return JSON.parse(this.text) as unknown;
  }

  /** Throws, with what came instead, when the answer is an error. */
  get data(): T {
    return this.#select('data') as T;
  }

  get meta(): Meta {
    return this.#select('meta') as Meta;
  }

  /** Throws when the answer is none. */
  get error(): ErrorBody {
    return this.#select('error') as ErrorBody;
  }

  /** The error's type, or undefined: for answers that may be either. */
  get errorType(): string | undefined {
    return (this.body as { error?: ErrorBody }).error?.type;
  }

  get etag(): string {
    return this.headers.get('etag') ?? '';
  }

  #select(member: string): unknown {
    const body = (this.text === '' ? {} : this.body) as Record<string, unknown>;
    if (!(member in body)) throw new Error(`No ${member} in the answer ${this.status}: ${this.text.slice(0, 2000)}`);
    return body[member];
  }
}

/** Sends requests as one caller; every answer is checked against the declared routes. */
export interface Client {
  request<T>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>>;
  get<T>(path: string, options?: RequestOptions): Promise<Answer<T>>;
  post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>>;
  patch<T>(path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>>;
  delete<T>(path: string, options?: RequestOptions): Promise<Answer<T>>;
  /** The client of another caller; null for the public. */
  as(token: string | null): Client;
}

/** Makes the client of a service at `url`. */
export function createClient(
  { url, routes }: { readonly url: string; readonly routes: readonly AnyRoute[] },
  token: string | null,
): Client {
  return createClientWith(url, createResponseCheck(routes), token);
}

function createClientWith(url: string, check: ResponseCheck, token: string | null): Client {
  const request = async <T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> => {
    const { body, rawBody, query = {}, headers } = options;
    const search = new URLSearchParams(
      Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
    ).toString();
    const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${url}${path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload !== undefined && { body: payload }),
      redirect: 'manual',
    });
    const answer = { status: response.status, headers: response.headers, text: await response.text() };
    check(method, path.split('?')[0] ?? '', answer);
    return new Answer<T>(answer);
  };
  return {
    request,
    get: (path, options) => request('GET', path, options),
    post: (path, body, options) => request('POST', path, { ...options, body }),
    patch: (path, body, options) => request('PATCH', path, { ...options, body }),
    delete: (path, options) => request('DELETE', path, options),
    as: other => createClientWith(url, check, other),
  };
}
