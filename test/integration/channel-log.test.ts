import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ChannelClient, connectChannel } from '../support/channel.ts';
import { createCampaign } from '../support/factories.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const UPDATES = 1_200;
const MAX_LINES_PER_THOUSAND = 10;

describe('the log at its default level', () => {
  let test: TestApp;
  let campaignId: string;
  let clients: ChannelClient[];

  beforeAll(async () => {
    test = await startTestApp({ time: 'real', variables: { LOG_LEVEL: 'info' } });
    ({ _id: campaignId } = await createCampaign(test.client));
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    clients = await Promise.all(Array.from({ length: 8 }, () => connectChannel(test.url, createSupremeToken())));
  });
  afterEach(() => clients.forEach(client => client.close()));

  /** Says how many lines were written while something was done. */
  const countLines = async (work: () => Promise<unknown>): Promise<number> => {
    const before = test.logs.length;
    await work();
    return test.logs.length - before;
  };
  /** Has all clients send so many requests together, as many at a time as a connection may have under way. */
  const sendAll = (count: number, send: (client: ChannelClient, n: number) => Promise<unknown>) =>
    Promise.all(
      clients.map(async client => {
        const share = count / clients.length;
        for (let from = 0; from < share; from += 50) {
          await Promise.all(Array.from({ length: Math.min(50, share - from) }, (_, at) => send(client, from + at)));
        }
      }),
    );

  it('has a handful of lines for a thousand updates and all that they bring about', async () => {
    const [subscriber, listener] = clients as [ChannelClient, ChannelClient];
    const outcomes = new Set<unknown>();
    const lines = await countLines(async () => {
      await subscriber.ask('campaign:subscribe', { campaignId });
      await subscriber.ask('campaign:stream_analytics', { campaignId });
      await listener.ask('campaign:stream_state', { campaignId });
      await sendAll(UPDATES, async (client, n) => {
        const { payload } = await client.ask('campaign:update', { campaignId, updates: { [`key${n % 10}`]: n } });
        outcomes.add(payload['outcome'] ?? payload.error?.type);
      });
      await until(
        () => subscriber.received('campaign:state:v1:success').at(-1),
        last => JSON.stringify(last).includes(`"version":${UPDATES + 1},`),
      );
    });
    expect([...outcomes]).toEqual(['committed']);
    expect(lines).toBeLessThanOrEqual((UPDATES / 1_000) * MAX_LINES_PER_THOUSAND);
  });

  it.each([
    ['what is no event', (client: ChannelClient, n: number) => client.send('event', { nonsense: n })],
    ['what there is not', (client: ChannelClient) => client.ask('campaign:dance', { campaignId })],
    ['updates that are refused', (client: ChannelClient) => client.ask('campaign:update', { campaignId, updates: 1 })],
    ['updates of nothing', (client: ChannelClient) => client.ask('campaign:update', { campaignId: 'x', updates: {} })],
  ])('is not filled by %s', async (_case, send) => {
    const types = new Set<unknown>();
    const lines = await countLines(() =>
      sendAll(1_000, async (client, n) => void types.add((await send(client, n)).payload.error?.type)),
    );
    expect([...types].every(type => type !== undefined)).toBe(true);
    expect(lines).toBeLessThanOrEqual(MAX_LINES_PER_THOUSAND);
  });

  it('is not filled by one who sends more than it may, whatever it is told', async () => {
    const [client] = clients as [ChannelClient];
    const lines = await countLines(async () => {
      const answers = await Promise.all(Array.from({ length: 900 }, () => client.ask('campaign:health')));
      expect(answers.some(({ payload }) => payload.error?.type === 'RATE_LIMITED')).toBe(true);
    });
    expect(lines).toBeLessThanOrEqual(MAX_LINES_PER_THOUSAND);
  });
});
