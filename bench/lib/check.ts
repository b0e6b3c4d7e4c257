import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { campaignId } from '../document.ts';
import { noncePlaceholder } from '../update.ts';
import { type Target } from './protocol.ts';

/** Sends one request of the target. Throws when it is not answered with the target's status: wrk tells 200 and 304 apart as little as 200 and 201. */
export async function checkTarget(port: number, target: Target): Promise<void> {
  const { update, headers = {} } = target;
  const path = update === undefined ? target.path : target.path + campaignId(1);
  const body = update?.body.replace(noncePlaceholder, 'check');
  const { status, answer } = await new Promise<{ status: number | undefined; answer: Promise<string> }>(
    (resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers, method: update?.method ?? 'GET' }, response =>
        resolve({ status: response.statusCode, answer: text(response) }),
      )
        .on('error', reject)
        .end(body);
    },
  );
  const start = (await answer).slice(0, 300);
  if (status !== target.status) throw new Error(`${path} was answered with ${status}, not ${target.status}: ${start}`);
}
