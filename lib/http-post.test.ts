import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type HttpStub, startHttpStub } from '../test/support/http-stub.ts';
import { createPost, type PostOptions } from './http-post.ts';

describe('a POST whose answer matters by its status', () => {
  let stub: HttpStub;
  beforeEach(async () => {
    stub = await startHttpStub(() => ({
      status: 429,
      headers: { 'retry-after': '7' },
      body: { a: 'x'.repeat(100_000) },
    }));
  });
  afterEach(() => stub.stop());

  const options: PostOptions = {
    headers: { 'content-type': 'application/json' },
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  };

  it('sends its body and headers, and gives status and headers of the answer', async () => {
    const { status, headers } = await createPost()(`${stub.url}/a?b=c`, { ...options, body: '{"é":1}' });
    expect([status, headers.get('retry-after')]).toEqual([429, '7']);
    expect(stub.requests).toMatchObject([{ method: 'POST', path: '/a', body: { é: 1 } }]);
  });

  it('needs no body', async () => {
    await createPost()(stub.url, options);
    expect(stub.requests).toMatchObject([{ body: undefined, headers: { 'content-length': '0' } }]);
  });

  it('uses a connection again', async () => {
    const post = createPost();
    for (let count = 0; count < 3; count += 1) await post(stub.url, options);
    expect(new Set(stub.requests.map(({ headers }) => headers.connection))).toEqual(new Set(['keep-alive']));
    expect(new Set(stub.requests.map(({ port }) => port)).size).toBe(1);
  });

  it.each([
    ['reset' as const, { code: 'ECONNRESET' }],
    ['hang' as const, { name: 'TimeoutError' }],
  ])('throws what breaks it off: %s', async (mishap, error) => {
    stub.failNext(mishap);
    await expect(createPost()(stub.url, { ...options, timeoutMs: 50 })).rejects.toMatchObject(error);
  });

  it('has its status also when the body breaks off', async () => {
    stub.failNext('cut');
    expect((await createPost()(stub.url, options)).status).toBe(200);
  });

  it('ends by its signal', async () => {
    await expect(createPost()(stub.url, { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
