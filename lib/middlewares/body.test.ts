import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };

describe('the body', () => {
  let server: TestPipeline;

  beforeAll(async () => {
    server = await servePipeline(ctx => {
      ctx.state.reply = { data: { body: (ctx.request as { body?: unknown }).body ?? 'none' } };
    });
  });
  afterAll(() => server.close());

  async function send(body: RequestInit['body'], headers: Record<string, string> = JSON_HEADERS, method = 'POST') {
    const response = await fetch(server.url, { method, headers, body: body ?? null });
    return {
      status: response.status,
      json: (await response.json()) as {
        data?: { body: unknown };
        error?: { type: string; message: string; details?: unknown; correlation: string };
      },
    };
  }

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/merge-patch+json',
  ])('is read as %s', async type => {
    const { status, json } = await send('{"name":"Zoë","$ok":null}'.replace('"$ok":null', '"n":null'), {
      'content-type': type,
    });
    expect(status).toBe(200);
    expect(json.data?.body).toEqual({ name: 'Zoë', n: null });
  });

  it('may be compressed', async () => {
    const { json } = await send(gzipSync('{"a":1}'), { ...JSON_HEADERS, 'content-encoding': 'gzip' });
    expect(json.data?.body).toEqual({ a: 1 });
  });

  it('may be left out', async () => {
    const response = await fetch(server.url, { method: 'POST' });
    expect(await response.json()).toMatchObject({ data: { body: 'none' } });
  });

  it('of a GET is not looked at', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const get = request(
        server.url,
        { method: 'GET', headers: { ...JSON_HEADERS, 'content-length': 3 } },
        response => {
          response.setEncoding('utf8').once('data', resolve);
        },
      );
      get.on('error', reject).end('{x}');
    });
    expect(JSON.parse(answer)).toMatchObject({ data: { body: 'none' } });
  });

  it.each([
    ['no type', {}],
    ['text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['an unknown content coding', { ...JSON_HEADERS, 'content-encoding': 'x-own' }],
  ])('with %s is refused with 415', async (_case, headers) => {
    const { status, json } = await send(Buffer.from('{}'), headers);
    expect(status).toBe(415);
    expect(json.error).toMatchObject({ type: 'UNSUPPORTED_MEDIA_TYPE', correlation: expect.any(String) });
  });

  it.each([
    ['{"a":1,}', 'line 1, column 8'],
    ['{\n"a": x}', 'line 2, column 6'],
    ['"text"', 'line 1'],
    ['   ', 'line 1'],
  ])('that is not JSON (%j) is refused, saying where', async (text, place) => {
    const { status, json } = await send(text);
    expect(status).toBe(400);
    expect(json.error?.type).toBe('INVALID_JSON');
    expect(json.error?.message).toContain(place);
  });

  it('that is not what its content coding says is refused', async () => {
    const { status, json } = await send('not gzip', { ...JSON_HEADERS, 'content-encoding': 'gzip' });
    expect([status, json.error?.type]).toEqual([400, 'INVALID_JSON']);
  });

  it.each([
    ['{"a":{"$where":1}}', '/a/$where'],
    ['{"a.b":1}', '/a.b'],
    ['{"__proto__":{"x":1}}', '/__proto__'],
    ['{"a":[{"constructor":{"prototype":{}}}]}', '/a/0/constructor'],
  ])('with a dangerous key (%s) is refused, saying where', async (text, path) => {
    const { status, json } = await send(text);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({
      type: 'VALIDATION_ERROR',
      details: [{ path, message: 'is not an allowed name' }],
    });
  });

  it('that is nested too deeply is refused', async () => {
    const { status } = await send('['.repeat(4000) + ']'.repeat(4000));
    expect(status).toBe(400);
  });

  it('that is too large is refused, by its length', async () => {
    const { status, json } = await send(JSON.stringify('x'.repeat(20_000)));
    expect([status, json.error?.type]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('that is too large is refused, without a length', async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let index = 0; index < 20; index += 1) controller.enqueue(Buffer.from('x'.repeat(1000)));
        controller.close();
      },
    });
    const response = await fetch(server.url, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: chunks,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
  });

  it('that is too large once it is decompressed is refused', async () => {
    const { status } = await send(gzipSync(JSON.stringify('x'.repeat(1_000_000))), {
      ...JSON_HEADERS,
      'content-encoding': 'gzip',
    });
    expect(status).toBe(413);
  });

  it('that breaks off does no harm', async () => {
    const socket = connect(server.port, '127.0.0.1');
    await new Promise<void>(resolve => socket.once('connect', resolve));
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":');
    await new Promise(resolve => setTimeout(resolve, 20));
    socket.destroy();
    await server.waitForLine('request refused');
    expect((await send('{"a":1}')).status).toBe(200);
  });
});
