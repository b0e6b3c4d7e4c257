import { request } from 'node:http';

/** One message of a stream, as the WHATWG HTML standard (9.2.6) reads it. */
export interface StreamMessage {
  readonly event: string;
  readonly data: string;
  /** The last event id at that moment. */
  readonly id: string;
}

/** A client of server-sent events. */
export interface EventStreamClient {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What was dispatched so far. */
  readonly messages: readonly StreamMessage[];
  /** How many comments came. */
  readonly commentCount: number;
  /** What the client would send as `Last-Event-ID`. */
  readonly lastEventId: string;
  /** How long it would wait before it comes back, in milliseconds. */
  readonly retryMs: number | undefined;
  /** Resolves when the stream is over: whether it ended, or broke. */
  readonly over: Promise<'ended' | 'broken'>;
  /** Stops to read: what comes stays where it is. */
  pause(): void;
  close(): void;
}

/** Opens a stream, by its query. Resolves with the head of the answer, whatever it is. */
export async function openEventStream(
  url: string,
  token: string,
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStreamClient> {
  const messages: StreamMessage[] = [];
  const state = { lastEventId: '', commentCount: 0, retryMs: undefined as number | undefined };
  let fields = { event: '', data: [] as string[], id: '' };

  const readLine = (line: string): void => {
    if (line === '') {
      state.lastEventId = fields.id;
      const { event, data, id } = fields;
      if (data.length > 0) messages.push({ event: event === '' ? 'message' : event, data: data.join('\n'), id });
      fields = { event: '', data: [], id };
      return;
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === '') state.commentCount += 1;
    else if (name === 'data') fields.data.push(value);
    else if (name === 'event') fields.event = value;
    else if (name === 'id') fields.id = value;
    else if (name === 'retry') state.retryMs = Number(value);
  };

  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/nexus/events?${new URLSearchParams(query).toString()}`,
      { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers } },
      response => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          lines.forEach(readLine);
        });
        const over = new Promise<'ended' | 'broken'>(done => {
          response.once('end', () => done('ended'));
          response.once('error', () => done('broken'));
        });
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          messages,
          get commentCount() {
            return state.commentCount;
          },
          get lastEventId() {
            return state.lastEventId;
          },
          get retryMs() {
            return state.retryMs;
          },
          over,
          pause: () => void response.pause(),
          close: () => void sent.destroy(),
        });
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}
