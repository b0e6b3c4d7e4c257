import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { campaignId } from '../document.ts';
import { noncePlaceholder } from '../update.ts';
import { type Target } from './protocol.ts';

export interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly etag: string | undefined;
  /** The size of the body as it was sent. */
  readonly sizeBytes: number;
}

/** Sends one request of the target, for the first campaign that it may draw. */
export function ask(port: number, { path, headers = {}, method, body, pick }: Target): Promise<Answer> {
  const number = pick?.stride ?? 1;
  const drawn = path.replace('@number@', String(number)).replace('@id@', campaignId(number));
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: drawn, headers, method: method ?? 'GET' }, response => {
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => (sizeBytes += chunk.length));
      text(response).then(
        answer => resolve({ status: response.statusCode, body: answer, etag: response.headers.etag, sizeBytes }),
        reject,
      );
    })
      .on('error', reject)
      .end(body?.replace(noncePlaceholder, 'check'));
  });
}

/**
 * Sends one request of the target, and gives the size of the answer's body. Throws when it is not answered with the
 * target's status (wrk tells 200 and 304 apart as little as 200 and 201) and number of rows.
 */
export async function checkTarget(port: number, target: Target): Promise<number> {
  const { status, body, sizeBytes } = await ask(port, target);
  if (status !== target.status)
    throw new Error(`${target.path} was answered with ${status}, not ${target.status}: ${body.slice(0, 300)}`);
  if (target.rows !== undefined) {
    const { length } = (JSON.parse(body) as { data: unknown[] }).data;
    if (length !== target.rows) throw new Error(`${target.path} has ${length} rows, not ${target.rows}.`);
  }
  return sizeBytes;
}
