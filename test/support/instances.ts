import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { type Envelope } from '../../app/realtime/envelope.ts';
import { startTestApp, type TestApp } from './app.ts';
import { type ChannelClient, connectChannel } from './channel.ts';
import { type RedisServer, startRedisServer } from './redis.ts';
import { describeStartedServer } from './stores.ts';
import { createSupremeToken } from './tokens.ts';
import { until } from './until.ts';

/** Instances over one database, with a Redis between them. */
export interface Instances {
  readonly redis: RedisServer;
  readonly first: TestApp;
  readonly second: TestApp;
  /** Connects to an instance, until the test is over. */
  readonly connect: (to: TestApp, token?: string) => Promise<ChannelClient>;
  /** Waits until both take Redis, and each other, to be there; or Redis not to be. */
  readonly whenConnected: (isConnected: boolean) => Promise<void>;
  /** Reads a counter of an instance; 0 when it has not counted yet. */
  readonly readCounter: (from: TestApp, name: string) => Promise<number>;
}

/** Describes a suite over two instances that share the database that the tests start, and a Redis. */
export function describeInstances(
  title: string,
  variables: Readonly<Record<string, string>>,
  suite: (select: () => Instances) => void,
): void {
  describeStartedServer(title, open => {
    const opened: ChannelClient[] = [];
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown): void => void rejections.push(reason);
    let instances: Instances;

    beforeAll(async () => {
      process.on('unhandledRejection', onRejection);
      const redis = await startRedisServer();
      const options = { variables: { REDIS_URL: redis.url, ...variables }, time: 'real' };
      const target = { name: title, kind: 'mongodb', open, stop: async () => undefined } as const;
      const first = await startTestApp(options, target);
      const second = await startTestApp({ ...options, over: first });
      instances = {
        redis,
        first,
        second,
        async connect(to, token = createSupremeToken()) {
          const client = await connectChannel(to.url, token);
          opened.push(client);
          return client;
        },
        async whenConnected(isConnected) {
          for (const { app } of [first, second]) {
            await until(
              () => app.messages.isConnected,
              is => is === isConnected,
            );
            if (isConnected) {
              await until(
                () => app.realtime?.presence.otherInstances ?? 0,
                others => others > 0,
              );
            }
          }
        },
        async readCounter({ app }, name) {
          const { text } = await app.metrics.scrape();
          const line = text.split('\n').find(one => one.startsWith(`${name} `));
          return Number(line?.slice(name.length) ?? 0);
        },
      };
      await instances.whenConnected(true);
    });
    afterEach(() => {
      for (const client of opened.splice(0)) client.close();
      expect(rejections).toEqual([]);
    });
    afterAll(async () => {
      const { first, second, redis } = instances;
      expect([await second.stop(), await first.stop()]).toEqual([0, 0]);
      await redis.stop();
      process.off('unhandledRejection', onRejection);
    });
    suite(() => instances);
  });
}

/** The versions that a subscriber got, in their order; that of a whole state is below zero. */
export function selectVersions({ events }: Pick<ChannelClient, 'events'>): number[] {
  return events.filter(({ type }) => type === 'campaign:state:v1:success').flatMap(selectVersionsOf);
}

function selectVersionsOf({ payload }: Envelope): number[] {
  const { version, versions, state } = payload as {
    version: number;
    versions?: { version: number }[];
    state?: object;
  };
  if (versions !== undefined) return versions.map(one => one.version);
  return [state === undefined ? version : -version];
}
