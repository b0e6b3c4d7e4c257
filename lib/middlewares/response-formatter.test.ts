import { type Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';
import { createRepresentation } from '../representation.ts';
import { type AppContext, type Reply } from './request-state.ts';

describe('the response formatter', () => {
  let server: TestPipeline;
  const serveReply = async (reply: Reply): Promise<void> => {
    server = await servePipeline(ctx => (ctx.state.reply = reply), { now: () => Date.UTC(2026, 0, 15, 12) });
  };
  const get = (init: RequestInit = {}): Promise<Response> =>
    fetch(server.url, {
      ...init,
      headers: { 'x-correlation-id': 'c-1', 'accept-encoding': 'identity', ...init.headers },
    });

  afterEach(() => server.close());

  it('hands a stream over after its head, and leaves what is written alone', async () => {
    const outputs: Writable[] = [];
    await serveReply({
      type: 'text/plain; charset=utf-8',
      headers: { 'cache-control': 'no-store' },
      stream: output => {
        outputs.push(output);
        output.write('x'.repeat(5_000));
      },
    });
    const response = await get({ headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-correlation-id')).toBe('c-1');
    for (const name of ['content-length', 'content-encoding']) expect(response.headers.get(name)).toBeNull();
    // The request is over for the log while its answer goes on.
    await server.waitForLine('request');
    outputs[0]?.end('the end');
    expect(await response.text()).toBe(`${'x'.repeat(5_000)}the end`);
    const head = await get({ method: 'HEAD' });
    expect([head.status, await head.text(), outputs.length]).toEqual([200, '', 1]);
  });

  it('puts data into the envelope', async () => {
    await serveReply({
      data: { name: 'Zoë' },
      meta: { pagination: { page: 0 }, note: 'é' },
      status: 201,
      headers: { location: '/x' },
    });
    const response = await get();
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/x');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      data: { name: 'Zoë' },
      meta: { pagination: { page: 0 }, note: 'é', correlation: 'c-1', timestamp: '2026-01-15T12:00:00.000Z' },
    });
  });

  it('shows undefined data as null', async () => {
    await serveReply({ data: undefined });
    expect(await (await get()).json()).toMatchObject({ data: null });
  });

  it('answers a representation with its ETag', async () => {
    await serveReply({
      representation: createRepresentation({ data: { a: 'é' }, etag: '"v1"' }),
      meta: { cache: 'hit' },
    });
    const response = await get();
    expect(response.headers.get('etag')).toBe('"v1"');
    expect(response.headers.get('vary')).toBe('accept-encoding');
    expect(await response.json()).toEqual({
      data: { a: 'é' },
      meta: { cache: 'hit', correlation: 'c-1', timestamp: '2026-01-15T12:00:00.000Z' },
    });
  });

  it.each(['"v1"', 'W/"v1"', '"v0", "v1"', '"v0",W/"v1" , "v2"', '*'])(
    'answers 304 when the client has it: %s',
    async ifNoneMatch => {
      await serveReply({ representation: createRepresentation({ data: {}, etag: '"v1"' }) });
      const response = await get({ headers: { 'if-none-match': ifNoneMatch } });
      expect(response.status).toBe(304);
      expect(response.headers.get('etag')).toBe('"v1"');
      expect(response.headers.get('cache-control')).toBe('private, no-store');
      expect(response.headers.get('x-correlation-id')).toBe('c-1');
      expect(await response.text()).toBe('');
    },
  );

  it.each(['"v2"', 'v1', '"v1', ''])('answers in full when the client has another: %s', async ifNoneMatch => {
    await serveReply({ representation: createRepresentation({ data: {}, etag: '"v1"' }) });
    expect((await get({ headers: { 'if-none-match': ifNoneMatch } })).status).toBe(200);
  });

  it('never answers 304 to a write, or instead of another status', async () => {
    await serveReply({ representation: createRepresentation({ data: {}, etag: '"v1"' }), status: 201 });
    expect((await get({ headers: { 'if-none-match': '*' } })).status).toBe(201);
    await server.close();
    await serveReply({ representation: createRepresentation({ data: {}, etag: '"v1"' }) });
    expect((await get({ method: 'POST', headers: { 'if-none-match': '*' } })).status).toBe(200);
  });

  it('answers raw texts and bytes with their type', async () => {
    await serveReply({
      raw: '<p>é</p>',
      type: 'text/html; charset=utf-8',
      headers: { 'content-security-policy': "default-src 'self'" },
    });
    const response = await get();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toBe("default-src 'self'");
    expect(await response.text()).toBe('<p>é</p>');
    await server.close();
    await serveReply({ raw: Buffer.from([0, 255, 1]), type: 'application/octet-stream' });
    expect([...new Uint8Array(await (await get()).arrayBuffer())]).toEqual([0, 255, 1]);
  });

  it('answers without a body', async () => {
    await serveReply({ status: 204 });
    const response = await get();
    expect(response.status).toBe(204);
    expect(response.headers.get('content-length')).toBeNull();
    expect(await response.text()).toBe('');
  });

  it('answers HEAD with the headers of GET and nothing else', async () => {
    await serveReply({ data: { text: 'x'.repeat(100) } });
    const [got, head] = [await get(), await get({ method: 'HEAD' })];
    expect(head.headers.get('content-length')).toBe(got.headers.get('content-length'));
    expect(await head.text()).toBe('');
  });

  it('marks every answer as private and as nothing to guess about, unless the reply says otherwise', async () => {
    await serveReply({ data: 1 });
    const { headers } = await get();
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    await server.close();
    await serveReply({
      data: 1,
      headers: { 'cache-control': 'public, s-maxage=5', vary: 'authorization, accept-encoding' },
    });
    const response = await get();
    expect(response.headers.get('cache-control')).toBe('public, s-maxage=5');
    expect(response.headers.get('vary')).toBe('authorization, accept-encoding');
  });

  it('leaves a handler alone that writes by itself', async () => {
    server = await servePipeline((ctx: AppContext) => {
      ctx.respond = false;
      ctx.res.writeHead(200, { 'content-type': 'text/event-stream' });
      ctx.res.end('data: 1\n\n');
    });
    expect(await (await get()).text()).toBe('data: 1\n\n');
  });

  it('serves many requests of one connection', async () => {
    await serveReply({ representation: createRepresentation({ data: { a: 1 }, etag: '"v1"' }) });
    const bodies = await Promise.all(Array.from({ length: 50 }, async () => (await get()).json()));
    expect(bodies).toHaveLength(50);
    expect(bodies[49]).toMatchObject({ data: { a: 1 } });
  });
});
