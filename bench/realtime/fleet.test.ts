import { describe, expect, it } from '@jest/globals';
import { startTestApp } from '../../test/support/app.ts';
import { connectChannel } from '../../test/support/channel.ts';
import { createCampaign } from '../../test/support/factories.ts';
import { createSupremeToken } from '../../test/support/tokens.ts';
import { until } from '../../test/support/until.ts';
import { openFleet } from './fleet.ts';

const STATE = 'campaign:state:v1:success';

interface Told {
  readonly version: number;
  readonly versions?: readonly Told[];
}

describe('the load generator', () => {
  it('counts, of the real service, what a client of the real library gets', async () => {
    const test = await startTestApp({ variables: { CHANNEL_MAX_CONNECTIONS_PER_USER: '1000' }, time: 'real' });
    try {
      const { _id: campaignId } = await createCampaign(test.client);
      const token = createSupremeToken();
      const real = await connectChannel(test.url, token);
      await real.ask('campaign:subscribe', { campaignId });
      const fleet = await openFleet({
        name: 'test',
        dialect: 'service',
        ports: [Number(new URL(test.url).port)],
        tokens: [token],
        campaigns: [campaignId],
        subscribers: 20,
        publishers: 3,
      });
      const pace = { kind: 'answered', inFlight: 4 } as const;
      const result = await fleet.run({ fleet: 'test', pace, updates: 50, milliseconds: 60_000, isTimed: true });
      expect(result).toMatchObject({ accepted: 50, patches: 1000, snapshots: 0, refused: {}, behind: 0, gaps: 0 });
      expect(result.answers.count).toBe(50);
      expect(result.deliveries).toMatchObject([{ count: 1000 }]);
      const versions = await until(
        () =>
          real
            .received(STATE)
            .flatMap(payload => (payload as unknown as Told).versions ?? [payload as unknown as Told]),
        told => told.length > 50,
      );
      // The first is the state with which its subscription began.
      expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 51 }, (_none, at) => at + 1));
      expect(result.frames).toBe((real.received(STATE).length - 1) * 20);

      const delivered = { kind: 'delivered', inFlight: 1 } as const;
      const single = await fleet.run({ fleet: 'test', pace: delivered, updates: 5, milliseconds: 60_000 });
      // Nothing shares a frame with what follows it only when all have it.
      expect(single).toMatchObject({ accepted: 5, patches: 100, frames: 100, gaps: 0, behind: 0 });
      fleet.close();
      real.close();
    } finally {
      await test.stop();
    }
  });

  it('has some read nothing for a while, and tells what they were sent in place of what they missed', async () => {
    const variables = {
      CHANNEL_MAX_CONNECTIONS_PER_USER: '1000',
      CHANNEL_REQUESTS_PER_SECOND: '100000',
      CHANNEL_REQUEST_BURST: '100000',
      CAMPAIGN_FRAME_WINDOW_MS: '0',
      CAMPAIGN_SUBSCRIBER_BUFFER: '4',
    };
    const test = await startTestApp({ variables, time: 'real' });
    try {
      const all = await createCampaign(test.client);
      const few = await createCampaign(test.client);
      const fleet = await openFleet({
        name: 'test',
        dialect: 'service',
        ports: [Number(new URL(test.url).port)],
        tokens: [createSupremeToken()],
        campaigns: [all._id, few._id],
        followers: [6, 2],
        subscribers: 6,
        publishers: 1,
      });
      const pace = { kind: 'answered', inFlight: 1 } as const;
      const load = { fleet: 'test', pace, milliseconds: 60_000, isTimed: true };
      const whole = { gaps: 0, behind: 0, snapshots: 0 };
      const large = { ...load, campaigns: [1], patchBytes: 60_000 };
      expect(await fleet.run({ ...large, updates: 2 })).toMatchObject({ ...whole, patches: 4, pausedSnapshots: [] });

      // More than the kernel takes.
      const filled = await fleet.run({ ...large, updates: 200, paused: 2, isPauseKept: true });
      expect(filled).toMatchObject({ ...whole, accepted: 200, frames: 0, pausedSnapshots: [0, 0] });
      const missed = await fleet.run({ ...load, campaigns: [0], updates: 50, paused: 2 });
      expect(missed).toMatchObject({ ...whole, accepted: 50, pausedSnapshots: [1, 1] });
      expect(missed.deliveries).toMatchObject([{ count: 4 * 50 }]);

      // The two came anew before they stopped reading.
      const { text } = await test.client.get('/metrics');
      expect(text).toMatch(/^channel_connections_total\{[^}]*\} 9$/m);

      const read = await fleet.run({ ...load, campaigns: [0], updates: 5 });
      expect(read).toMatchObject({ ...whole, patches: 30, deliveries: [{ count: 30 }], pausedSnapshots: [] });
      fleet.close();
    } finally {
      await test.stop();
    }
  });

  it('says what is refused, and why a client is not let in', async () => {
    const test = await startTestApp({ time: 'real' });
    try {
      const order = {
        name: 'test',
        dialect: 'service',
        ports: [Number(new URL(test.url).port)],
        tokens: [createSupremeToken()],
        subscribers: 0,
        publishers: 1,
      } as const;
      const fleet = await openFleet({ ...order, campaigns: ['0000000000000000000000ff'] });
      const pace = { kind: 'answered', inFlight: 1 } as const;
      const result = await fleet.run({ fleet: 'test', pace, updates: 2, milliseconds: 60_000 });
      expect(result).toMatchObject({ accepted: 0, refused: { CAMPAIGN_NOT_FOUND: 2 } });
      fleet.close();
      await expect(openFleet({ ...order, campaigns: [], tokens: ['no token'] })).rejects.toThrow(
        /does not let a client in/,
      );
    } finally {
      await test.stop();
    }
  });
});
