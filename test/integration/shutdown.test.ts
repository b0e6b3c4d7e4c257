import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestApp, type TestApp } from '../support/app.ts';
import { buildPromoter } from '../support/factories.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

/** Holds requests that make a promoter back before they write, until they are let go. */
function holdInserts({ app }: TestApp): { readonly arrived: Promise<unknown>; readonly letGo: () => void } {
  const promoters = app.datastores.promoters as { insert: (...args: unknown[]) => Promise<unknown> };
  const { insert } = promoters;
  const signals = new EventEmitter();
  const released = once(signals, 'letGo');
  const arrived = once(signals, 'arrived');
  promoters.insert = async (...args) => {
    signals.emit('arrived');
    await released;
    return insert(...args);
  };
  return { arrived, letGo: () => void signals.emit('letGo') };
}

describe('a stop', () => {
  it('says that it is not ready first, answers what is under way, and closes the database last', async () => {
    const test = await startTestApp({ variables: { SHUTDOWN_DELAY_MS: '300' } });
    const order: string[] = [];
    const store = test.app.store as { close: () => Promise<void> };
    const close = store.close.bind(store);
    store.close = () => {
      order.push('closed');
      return close();
    };
    expect((await test.client.get('/health/ready')).status).toBe(200);
    const { arrived, letGo } = holdInserts(test);
    const underWay = test.client.post('/promoters', buildPromoter()).then(answer => {
      order.push('answered');
      return answer;
    });
    await arrived;
    const stopping = test.stop();
    const ready = await test.client.get<{ ready: boolean; state: string }>('/health/ready');
    expect([ready.status, ready.data]).toMatchObject([503, { ready: false, state: 'draining' }]);
    expect((await test.client.get('/health/live')).status).toBe(200);
    order.push('draining');
    // Once the server has closed, nobody new comes in; who is in stays.
    await until(
      () =>
        test.client.get('/health/live').then(
          () => false,
          () => true,
        ),
      isRefused => isRefused,
    );
    letGo();
    expect((await underWay).status).toBe(201);
    expect(await stopping).toBe(0);
    expect(order).toEqual(['draining', 'answered', 'closed']);
    expect(test.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('loses no change of what it answered', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'shutdown-'));
    const first = await startTestApp({ variables: { DATA_DIR: directory } });
    const { data } = await first.client.post<{ _id: string }>('/promoters', buildPromoter());
    await first.stop();
    const second = await startTestApp({ variables: { DATA_DIR: directory } });
    expect((await second.app.datastores.changes.findByDocument(data._id, { page: 0, pageSize: 10 })).total).toBe(1);
    await second.stop();
    await rm(directory, { recursive: true });
  });

  it('is not kept by a client that never sends the rest of its request', async () => {
    const test = await startTestApp({ variables: { SHUTDOWN_TIMEOUT_MS: '2000' } });
    const { hostname, port } = new URL(test.url);
    const socket = connect(Number(port), hostname);
    const head = ['POST /promoters HTTP/1.1', 'host: x', 'content-type: application/json', 'content-length: 100'];
    socket.write(`${head.join('\r\n')}\r\n\r\nabc`);
    // Its connection has come before that of a request that is answered.
    await once(socket, 'connect');
    expect((await test.client.get('/health/live')).status).toBe(200);
    const cutOff = once(socket.on('error', () => undefined).resume(), 'close');
    expect(await test.stop()).toBe(0);
    await cutOff;
    await expect(test.app.store.ping()).rejects.toThrow('closed');
    expect(test.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('ends with 1 when a request does not end in time, and closes all the same', async () => {
    const test = await startTestApp({
      variables: {
        SHUTDOWN_TIMEOUT_MS: '200',
        REQUEST_TIMEOUT_MS: '1000',
        MONGODB_SERVER_SELECTION_TIMEOUT_MS: '500',
        MONGODB_SOCKET_TIMEOUT_MS: '500',
        MONGODB_MAX_TIME_MS: '400',
      },
    });
    const { arrived, letGo } = holdInserts(test);
    const underWay = test.client.post('/promoters', buildPromoter());
    await arrived;
    const [code, again] = await Promise.all([test.app.stop('first'), test.app.stop('second')]);
    expect([code, again]).toEqual([1, 1]);
    await expect(test.app.store.ping()).rejects.toThrow('closed');
    letGo();
    expect((await underWay).error.type).toBe('TIMEOUT');
    await test.stop();
  });
});

describe('the process', () => {
  let running: TestApp;
  let directory: string;
  beforeAll(async () => {
    running = await startTestApp();
    directory = await mkdtemp(path.join(tmpdir(), 'process-'));
  });
  afterAll(async () => {
    await running.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const linesOf = (text: string): string[] => text.trimEnd().split('\n');

  it('stops on SIGTERM with 0, and leaves its folder to the next', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const service = startServiceProcess({ DATA_DIR: path.join(directory, 'own') });
      const url = await service.started;
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      const { code, stderr } = await service.stop(signal);
      expect([signal, code, stderr]).toEqual([signal, 0, '']);
    }
  }, 60_000);

  it.each([
    ['the configuration is wrong', 2, () => ({ PORT: 'abc', LOG_LEVEL: 'loud' }), /PORT[\s\S]*LOG_LEVEL/],
    ['another process has the data folder', 3, () => ({ DATA_DIR: running.config.database.directory }), /in use/],
    [
      'MongoDB is away',
      4,
      () => ({ MONGODB_URI: 'mongodb://user:geheim@127.0.0.1:1/', MONGODB_SERVER_SELECTION_TIMEOUT_MS: '300' }),
      /MongoDB at 127\.0\.0\.1:1/,
    ],
    [
      'the port is taken',
      5,
      // A delay that no test outlives: nobody sends requests to what never was ready.
      () => ({
        DATA_DIR: path.join(directory, 'other'),
        PORT: new URL(running.url).port,
        SHUTDOWN_DELAY_MS: '600000',
        SHUTDOWN_TIMEOUT_MS: '1200000',
      }),
      /Port \d+ of 127\.0\.0\.1 is in use/,
    ],
  ])('ends when %s, with %d and a clear line', async (_why, expected, variables, message) => {
    const { code, stderr, stdout } = await startServiceProcess(variables()).ended;
    expect([code, stderr]).toEqual([expected, expect.stringMatching(message)]);
    // Of a configuration every fault is named, each on a line of its own.
    expect(linesOf(stderr)).toHaveLength(expected === 2 ? 3 : 1);
    expect(stderr + stdout).not.toMatch(/geheim|shutdown\.began|\bat .*\.ts:\d+/);
  });
});
