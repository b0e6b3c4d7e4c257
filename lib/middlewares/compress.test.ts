import { afterEach, describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';
import { createRepresentation } from '../representation.ts';
import { type Reply } from './request-state.ts';

const large = { text: 'presale '.repeat(500) };

/** fetch decompresses by itself; this tells what was on the wire. */
async function get(url: string, acceptEncoding?: string) {
  const { request } = await import('node:http');
  return new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    request(url, { headers: acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding } }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });
}

describe('compression', () => {
  let server: TestPipeline;
  const serveReply = async (reply: Reply): Promise<void> => {
    server = await servePipeline(ctx => (ctx.state.reply = reply));
  };

  afterEach(() => server.close());

  it('serves a client that accepts it', async () => {
    await serveReply({ data: large });
    const { headers, body } = await get(server.url, 'gzip');
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/json; charset=utf-8' });
    expect(String(headers['vary']).toLowerCase()).toContain('accept-encoding');
    expect(JSON.parse(gunzipSync(body).toString())).toMatchObject({ data: large });
    expect(headers['x-correlation-id']).toBeDefined();
    expect(headers['cache-control']).toBe('private, no-store');
  });

  it('does nothing for a client that does not ask', async () => {
    await serveReply({ data: large });
    const { headers, body } = await get(server.url);
    expect(headers['content-encoding']).toBeUndefined();
    expect(Number(headers['content-length'])).toBe(body.length);
    expect(JSON.parse(body.toString())).toMatchObject({ data: large });
  });

  it('leaves small answers alone', async () => {
    await serveReply({ data: { a: 1 } });
    expect((await get(server.url, 'gzip')).headers['content-encoding']).toBeUndefined();
  });

  it('leaves what cannot be compressed alone', async () => {
    await serveReply({ raw: Buffer.alloc(5000, 1), type: 'image/png' });
    const { headers, body } = await get(server.url, 'gzip');
    expect(headers['content-encoding']).toBeUndefined();
    expect(body).toHaveLength(5000);
  });

  it('takes the compressed form that a representation brings, from its second use', async () => {
    await serveReply({ representation: createRepresentation({ data: large, etag: '"v1"' }) });
    expect((await get(server.url, 'gzip')).headers['content-encoding']).toBeUndefined();
    const { headers, body } = await get(server.url, 'gzip, deflate, br');
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', etag: '"v1"', vary: 'accept-encoding' });
    expect(Number(headers['content-length'])).toBe(body.length);
    expect(JSON.parse(gunzipSync(body).toString())).toMatchObject({ data: large });
  });

  it.each(['identity', 'gzip;q=0', 'br', 'deflate', 'gzip;q=0.0, br'])(
    'sends a representation as it is to a client that accepts %s',
    async acceptEncoding => {
      await serveReply({ representation: createRepresentation({ data: large, etag: '"v1"' }) });
      await get(server.url, acceptEncoding);
      expect((await get(server.url, acceptEncoding)).headers['content-encoding']).toBeUndefined();
    },
  );
});
