import { afterEach, describe, expect, it } from '@jest/globals';
import { createTestToken, servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';

describe('the access log', () => {
  let server: TestPipeline;
  afterEach(() => server.close());

  it('writes one short line per request', async () => {
    server = await servePipeline(({ state }) => {
      state.routePattern = '/campaigns/:campaignId';
      state.reply = { data: { a: 1 }, status: 201 };
    });
    const response = await fetch(`${server.url}/campaigns/1?token=hunter2`, {
      headers: { authorization: `Bearer ${createTestToken()}`, 'x-correlation-id': 'c-1' },
    });
    const { length } = await response.text();
    const line = await server.waitForLine('request');
    expect(line).toMatchObject({ level: 'info', path: 'lib/middlewares/access-log', correlation: 'c-1' });
    expect(line['data']).toEqual({
      method: 'GET',
      route: '/campaigns/:campaignId',
      status: 201,
      durationMs: expect.any(Number),
      bytes: length,
      actor: 'user-1',
    });
    expect(server.lines.filter(({ message }) => message === 'request')).toHaveLength(1);
  });

  it('writes the path of a request that no route matched, without its query', async () => {
    server = await servePipeline(({ state }) => (state.reply = { data: 1 }));
    await fetch(`${server.url}/nowhere?password=hunter2`);
    expect(await server.waitForLine('request')).toMatchObject({ data: { route: '/nowhere' } });
    expect(JSON.stringify(server.lines)).not.toContain('hunter2');
  });

  it('can be turned off', async () => {
    server = await servePipeline(({ state }) => (state.reply = { data: 1 }), { isAccessLogged: false });
    await fetch(server.url);
    expect(server.lines).toEqual([]);
  });
});
