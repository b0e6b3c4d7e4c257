import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as the stub got it. */
export interface StubRequest {
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The port that it came from: the same for requests of one connection. */
  readonly port: number | undefined;
  /** The parsed JSON; undefined when there was no body. */
  readonly body: unknown;
}

export interface StubAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead. */
  readonly rawBody?: string;
}

/** What a stub does instead of answering: says nothing, or breaks off the connection, before the body or within it. */
export type Mishap = 'hang' | 'reset' | 'cut';

/** A small HTTP server in the place of a vendor's, which remembers what it was asked and can fail on command. */
export interface HttpStub {
  readonly url: string;
  readonly requests: readonly StubRequest[];
  /** The next requests, one for each, are answered so instead. */
  failNext(...failures: (StubAnswer | Mishap)[]): void;
  /** All requests are answered so instead, until `recover`. */
  failAlways(failure: StubAnswer | Mishap): void;
  /** A request for which this gives something is answered so instead, until `recover`. */
  failWhen(select: (request: StubRequest) => StubAnswer | Mishap | undefined): void;
  recover(): void;
  /** Forgets what it was asked. */
  forget(): void;
  stop(): Promise<void>;
}

/** Starts a stub on a free port. */
export async function startHttpStub(
  answer: (request: StubRequest) => StubAnswer | Promise<StubAnswer>,
): Promise<HttpStub> {
  const requests: StubRequest[] = [];
  const upcoming: (StubAnswer | Mishap)[] = [];
  const state: { select?: (request: StubRequest) => StubAnswer | Mishap | undefined } = {};
  const server = createServer((req, res) => {
    void (async () => {
      const { pathname: path, searchParams: query } = new URL(req.url ?? '/', 'http://stub');
      const raw = await text(req);
      const body: unknown = raw === '' ? undefined : JSON.parse(raw);
      const request = {
        method: req.method ?? '',
        path,
        query,
        headers: req.headers,
        port: req.socket.remotePort,
        body,
      };
      requests.push(request);
      send(res, upcoming.shift() ?? state.select?.(request) ?? (await answer(request)));
    })().catch((error: unknown) => send(res, { status: 500, body: { stub: String(error) } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    failNext: (...failures) => void upcoming.push(...failures),
    failAlways: failure => {
      state.select = () => failure;
    },
    failWhen: select => {
      state.select = select;
    },
    recover: () => {
      delete state.select;
      upcoming.length = 0;
    },
    forget: () => {
      requests.length = 0;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function send(res: ServerResponse, answer: StubAnswer | Mishap): void {
  if (answer === 'hang') return;
  if (answer === 'reset') return void res.socket?.resetAndDestroy();
  if (answer === 'cut') {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    return void res.write('{"half":', () => res.socket?.destroy());
  }
  const { status = 200, headers, body, rawBody = body === undefined ? '' : JSON.stringify(body) } = answer;
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(rawBody);
}
