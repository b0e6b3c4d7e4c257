import { describe, expect, it } from '@jest/globals';
import { createHealth } from '../../lib/health.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { type DataReply, type RawReply } from '../../lib/middlewares/request-state.ts';
import { createValidator } from '../../lib/schema/validator.ts';
import { type ManagerContext } from '../context.ts';
import { RouteNotFoundError } from '../../lib/errors.ts';
import { createDocs } from './docs.ts';
import { type AnyRoute } from './route.ts';
import { createMetricsRoute, createSystemRoutes } from './system.ts';

describe('the routes of the process', () => {
  const database = { isUp: true };
  const health = createHealth({
    database: async () => {
      if (!database.isUp) throw new Error('away');
    },
  });
  const routes = createSystemRoutes({ health, docs: createDocs({ openapi: () => '{}', asyncapi: () => '{}' }) });
  const find = (path: string): AnyRoute => {
    const found = routes.find(route => route.path === path);
    if (found === undefined) throw new Error(`There is no route ${path}.`);
    return found;
  };
  // They know nothing of who calls.
  const call = async (path: string, params: Record<string, string> = {}) =>
    find(path).handler({} as ManagerContext, { params, query: {}, headers: {}, body: undefined });

  it('are open to everyone', () => {
    expect(routes.every(({ permission }) => permission === 'public')).toBe(true);
    expect(routes.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/heartbeat', '/health/live', '/health/ready', '/openapi.json', '/docs', '/docs/:asset']),
    );
  });

  it('say that the process lives, whatever the database does', async () => {
    database.isUp = false;
    for (const path of ['/heartbeat', '/health/live'])
      await expect(call(path)).resolves.toEqual({ data: { status: 'ok' } });
  });

  it('say that it is ready with 200 while it is, else with 503 and what is missing', async () => {
    const validator = createValidator(find('/health/ready').response.schema ?? {});
    const ready = async () => {
      const { data, status } = (await call('/health/ready')) as DataReply;
      expect(validator.selectFaults(data)).toEqual([]);
      return { status, data };
    };
    database.isUp = true;
    await expect(ready()).resolves.toMatchObject({ status: 503, data: { ready: false, state: 'starting' } });
    health.setState('ready');
    await expect(ready()).resolves.toMatchObject({ status: 200, data: { ready: true, state: 'ready' } });
    database.isUp = false;
    await expect(ready()).resolves.toMatchObject({
      status: 503,
      data: { ready: false, state: 'ready', dependencies: [{ name: 'database', ok: false }] },
    });
    database.isUp = true;
    health.setState('draining');
    await expect(ready()).resolves.toMatchObject({ status: 503, data: { ready: false, state: 'draining' } });
  });

  it('serve the documentation and its parts, and no others', async () => {
    await expect(call('/openapi.json')).resolves.toEqual({ raw: '{}', type: 'application/json; charset=utf-8' });
    await expect(call('/docs')).resolves.toMatchObject({ type: 'text/html; charset=utf-8' });
    await expect(call('/docs/:asset', { asset: 'docs.css' })).resolves.toMatchObject({
      type: 'text/css; charset=utf-8',
    });
    for (const asset of ['package.json', '__proto__', 'constructor']) {
      await expect(call('/docs/:asset', { asset })).rejects.toThrow(RouteNotFoundError);
    }
  });

  it('give the metrics as Prometheus reads them', async () => {
    const route = createMetricsRoute(createMetrics({ isProcessMeasured: false }));
    const reply = await route.handler({} as ManagerContext, { params: {}, query: {}, headers: {}, body: undefined });
    const { raw, type } = reply as RawReply;
    expect(type).toMatch(/^text\/plain/);
    expect(raw.toString()).toContain('# HELP');
  });
});
