import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';

describe('the request context', () => {
  let server: TestPipeline;
  afterEach(() => server.close());

  it('says when the request must be over', async () => {
    server = await servePipeline(
      ({ state }) => {
        state.reply = { data: state.request.deadlineMs - state.request.startedAtMs };
      },
      { requestTimeoutMs: 1234 },
    );
    expect(await (await fetch(server.url)).json()).toMatchObject({ data: 1234 });
  });

  it('has a signal that stays quiet while the request is answered', async () => {
    const signals: AbortSignal[] = [];
    server = await servePipeline(({ state }) => {
      signals.push(state.request.signal, state.request.signal);
      state.reply = { data: 1 };
    });
    await (await fetch(server.url)).text();
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(signals.map(signal => signal.aborted)).toEqual([false, false]);
    expect(signals[0]).toBe(signals[1]);
  });

  it('aborts its signal at the deadline, even when it is first read after it', async () => {
    const reasons: unknown[] = [];
    server = await servePipeline(
      async ({ state }) => {
        await new Promise<void>(resolve => state.request.signal.addEventListener('abort', () => resolve()));
        reasons.push((state.request.signal.reason as Error).name);
      },
      { requestTimeoutMs: 10 },
    );
    expect((await fetch(server.url)).status).toBe(504);
    await server.close();
    server = await servePipeline(
      async ({ state }) => {
        await new Promise(resolve => setTimeout(resolve, 40));
        reasons.push((state.request.signal.reason as Error).name);
      },
      { requestTimeoutMs: 10 },
    );
    await fetch(server.url);
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(reasons).toEqual(['TimeoutError', 'TimeoutError']);
  });

  it('aborts its signal when the client goes away', async () => {
    let abort: (reason: unknown) => void = () => undefined;
    const aborted = new Promise(resolve => (abort = resolve));
    server = await servePipeline(async ({ state }) => {
      const { signal } = state.request;
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
      abort(signal.reason);
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    setTimeout(() => socket.destroy(), 20);
    expect(String(await aborted)).toContain('client closed');
  });
});
