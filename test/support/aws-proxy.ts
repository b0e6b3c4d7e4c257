import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Credentials for stand-ins, which take any. */
export const awsVariables = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } as const;

/** A call as AWS's JSON protocols make it. */
export interface AwsCall {
  /** The operation, such as `PutRecords`. */
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An error as AWS answers it. */
export interface AwsFault {
  readonly status: number;
  readonly type: string;
  readonly message?: string;
}

/** What becomes of a call: it is lost, its answer is lost, it is refused, or passed on, changed on its way there and back. */
export type Meddling =
  | 'hang'
  | 'loseAnswer'
  | AwsFault
  | {
      readonly body: Readonly<Record<string, unknown>>;
      readonly answer: (answer: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
    };

/** A server in front of another one that speaks AWS's JSON protocols, which can fail on command. */
export interface AwsProxy {
  readonly url: string;
  /** What was asked so far. */
  readonly calls: readonly AwsCall[];
  /** Decides about each call from now on; undefined passes it on as it is. */
  meddle(decide: (call: AwsCall) => Meddling | undefined): void;
  stop(): Promise<void>;
}

/** Starts a proxy on a free port. Gives the tests' process the credentials that clients ask its environment for. */
export async function startAwsProxy(targetUrl: string): Promise<AwsProxy> {
  Object.assign(process.env, awsVariables);
  const calls: AwsCall[] = [];
  const state: { decide: (call: AwsCall) => Meddling | undefined } = { decide: () => undefined };

  const pass = async (headers: IncomingHttpHeaders, body: Buffer | string): Promise<[number, string, string]> => {
    const answer = await fetch(targetUrl, {
      method: 'POST',
      headers: {
        'content-type': headers['content-type'] ?? '',
        'x-amz-target': String(headers['x-amz-target']),
        'x-amz-date': String(headers['x-amz-date']),
        authorization: headers.authorization ?? '',
      },
      body,
    });
    return [answer.status, answer.headers.get('content-type') ?? '', await answer.text()];
  };

  const answerCall = async (headers: IncomingHttpHeaders, raw: Buffer, res: ServerResponse): Promise<void> => {
    const action = String(headers['x-amz-target']).split('.').at(-1) ?? '';
    const call: AwsCall = { action, body: JSON.parse(raw.toString()) as AwsCall['body'] };
    calls.push(call);
    const meddling = state.decide(call);
    if (meddling === 'hang') return;
    if (typeof meddling === 'object' && 'type' in meddling) {
      const { status, type, message = '' } = meddling;
      res.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      res.end(JSON.stringify({ __type: type, message }));
      return;
    }
    const changed = meddling === 'loseAnswer' ? undefined : meddling;
    const [status, type, text] = await pass(headers, changed === undefined ? raw : JSON.stringify(changed.body));
    if (meddling === 'loseAnswer') return;
    res.writeHead(status, { 'content-type': type });
    const isChanged = changed !== undefined && status === 200;
    res.end(isChanged ? JSON.stringify(changed.answer(JSON.parse(text) as Record<string, unknown>)) : text);
  };

  const server = createServer((req, res) => {
    void buffer(req)
      .then(raw => answerCall(req.headers, raw, res))
      .catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    meddle: decide => {
      state.decide = decide;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
