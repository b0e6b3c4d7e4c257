import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLog } from '../../lib/log.ts';
import { CampaignNotFoundError } from '../errors.ts';
import { type Actor } from '../policy.ts';
import { type CampaignAnalytics, createCampaignAnalytics } from './campaign-analytics.ts';
import { type EventPayload } from './envelope.ts';
import { type CampaignStateManager, createCampaignStateManager } from './state/campaign-state-manager.ts';
import { createMemoryJournal } from './state/memory-journal.ts';

const campaignId = 'campaign-1';
const actor: Actor = { userId: 'ann', supreme: true, campaigns: new Map(), issuedAt: 0 };

describe('analytics', () => {
  let states: CampaignStateManager;
  let analytics: CampaignAnalytics;
  let subscribers: number;
  let watchers: Set<() => void>;
  let count: number;

  beforeEach(() => {
    jest.useFakeTimers();
    subscribers = 0;
    count = 0;
    watchers = new Set();
    const journal = createMemoryJournal();
    const clock = () => new Date();
    states = createCampaignStateManager({
      journal,
      snapshots: journal,
      readInitialState: async id => (id === campaignId ? { features: ['a'], title: 'One' } : null),
      clock,
      log: silentLog('state'),
    });
    analytics = createCampaignAnalytics({
      states,
      presence: {
        countSubscribers: () => subscribers,
        watch: (_id, listener) => {
          watchers.add(listener);
          return () => void watchers.delete(listener);
        },
      },
      clock,
    });
  });
  afterEach(() => void jest.useRealTimers());

  const follow = async (): Promise<{ readonly items: EventPayload[]; readonly end: () => void }> => {
    const items: EventPayload[] = [];
    return { items, end: await analytics.follow(campaignId, item => void items.push(item)) };
  };
  const setSubscribers = (next: number): void => {
    subscribers = next;
    for (const listener of watchers) listener();
  };
  const update = (updates: object) =>
    states.write({
      campaignId,
      eventId: `event-${(count += 1)}`,
      actor,
      by: 'ref',
      operation: { kind: 'update', updates: { ...updates } },
    });

  it('say at once how things are', async () => {
    const { items } = await follow();
    expect(items).toEqual([
      {
        campaignId,
        subscriberCount: 0,
        version: 1,
        lastUpdated: expect.any(Date),
        stateKeys: 2,
        activeFeatures: 1,
        updatesPerSecond: 0,
        updateLatencyMs: { p50: null, p99: null },
        timestamp: expect.any(Date),
      },
    ]);
  });

  it('have no timer while nothing happens', async () => {
    const { items } = await follow();
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(items).toHaveLength(1);
  });

  it('say what is another, at most once in an interval, and then only what is the latest', async () => {
    const { items } = await follow();
    for (let n = 1; n <= 20; n += 1) {
      setSubscribers(n);
      await jest.advanceTimersByTimeAsync(90);
    }
    expect(items.map(item => item['subscriberCount'])).toEqual([0, 12]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(items.map(item => item['subscriberCount'])).toEqual([0, 12, 20]);
    // Back to what was said last: nothing to say.
    setSubscribers(21);
    setSubscribers(20);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(items).toHaveLength(3);
  });

  it('let the rate go down to nothing when no more updates come, and end there', async () => {
    const { items } = await follow();
    await update({ title: 'Two', text: 'x' });
    await jest.advanceTimersByTimeAsync(20_000);
    expect(items.map(item => [item['version'], item['stateKeys'], item['updatesPerSecond']])).toEqual([
      [1, 2, 0],
      [2, 3, 0.2],
      [2, 3, 0],
    ]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('cost nothing any more once nobody follows', async () => {
    const [first, second] = await Promise.all([follow(), follow()]);
    expect([watchers.size, states.inspect(campaignId)?.subscribers]).toEqual([1, 1]);
    first.end();
    setSubscribers(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect([first.items.length, second.items.length]).toEqual([1, 2]);
    setSubscribers(2);
    second.end();
    await jest.advanceTimersByTimeAsync(5_000);
    expect([watchers.size, states.inspect(campaignId)?.subscribers, jest.getTimerCount()]).toEqual([0, 0, 0]);
    expect((await follow()).items).toHaveLength(1);
  });

  it('tell who asks for a campaign that there is not, and may be asked again', async () => {
    for (let time = 0; time < 2; time += 1) {
      await expect(analytics.follow('nobody', () => undefined)).rejects.toThrow(CampaignNotFoundError);
    }
    expect(watchers.size).toBe(0);
  });
});
