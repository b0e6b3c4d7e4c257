import { afterEach, describe, expect, it } from '@jest/globals';
import { servePipeline, type TestPipeline } from '../../test/support/pipeline.ts';

describe('the request metrics', () => {
  let server: TestPipeline;
  afterEach(() => server.close());

  it('count by method, route pattern and status, errors and unmatched paths included', async () => {
    server = await servePipeline(({ path, state }) => {
      if (path.startsWith('/things')) state.routePattern = '/things/:id';
      if (path.endsWith('/broken')) throw new Error('no');
      state.reply = { data: 1 };
    });
    for (const path of ['/things/1', '/things/2', '/things/broken', '/a', '/b'])
      await (await fetch(server.url + path)).text();
    await new Promise(resolve => setTimeout(resolve, 10));
    const text = await server.scrape();
    expect(text).toContain('_count{method="GET",route="/things/:id",status="200"} 2');
    expect(text).toContain('_count{method="GET",route="/things/:id",status="500"} 1');
    expect(text).toContain('_count{method="GET",route="unmatched",status="200"} 2');
    expect(text).toContain('http_requests_in_flight 0');
    expect(text).not.toMatch(/route="\/(a|b|things\/1)"/);
  });
});
