import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';

describe('the correlation id', () => {
  let server: TestPipeline;

  beforeAll(async () => {
    server = await servePipeline(ctx => {
      if (ctx.path === '/fails') throw new Error('no');
      ctx.state.reply = { data: ctx.state.correlation };
    });
  });
  afterAll(() => server.close());

  it.each(['a', 'c-1', 'A.b_C-9', 'x'.repeat(128)])('is taken when it is well-formed: %s', async id => {
    const response = await fetch(server.url, { headers: { 'x-correlation-id': id } });
    expect(response.headers.get('x-correlation-id')).toBe(id);
    expect(await response.json()).toMatchObject({ data: id, meta: { correlation: id } });
  });

  it.each(['', 'a b', 'a/b', 'ü', '"', 'x'.repeat(129)])('is made when it is not: %j', async id => {
    const response = await fetch(server.url, { headers: { 'x-correlation-id': Buffer.from(id).toString('latin1') } });
    expect(response.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is made anew for each request', async () => {
    const [first, second] = await Promise.all([fetch(server.url), fetch(server.url)]);
    expect(first.headers.get('x-correlation-id')).not.toBe(second.headers.get('x-correlation-id'));
  });

  it('is returned on errors too', async () => {
    const response = await fetch(`${server.url}/fails`, { headers: { 'x-correlation-id': 'c-1' } });
    expect(response.headers.get('x-correlation-id')).toBe('c-1');
    expect(await response.json()).toMatchObject({ error: { correlation: 'c-1' } });
  });
});
