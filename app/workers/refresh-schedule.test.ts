import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../test/support/campaign-documents.ts';
import { type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { type ManagerContext } from '../context.ts';
import { type CampaignsDatastore } from '../datastore/campaigns.ts';
import { type LockDocument, spec as locksSpec } from '../datastore/locks.ts';
import { systemActor } from '../system-actor.ts';
import { createRefreshSchedule, type RefreshSchedule } from './refresh-schedule.ts';

const LEASE_SECONDS = 60;
const start = new Date('2026-03-01T12:00:00.000Z');
const later = (seconds: number): string => new Date(start.getTime() + seconds * 1000).toISOString();

/** A place where runs wait until the test lets them go on. */
function createGate() {
  const waiting: (() => void)[] = [];
  let onArrival: (() => void)[] = [];
  return {
    pass: () =>
      new Promise<void>(resolve => {
        waiting.push(resolve);
        onArrival.splice(0).forEach(tell => tell());
      }),
    arrival: () =>
      waiting.length > 0 ? Promise.resolve() : new Promise<void>(resolve => (onArrival = [...onArrival, resolve])),
    open: () => waiting.splice(0).forEach(go => go()),
  };
}

describe('the schedule of the refresh', () => {
  let world: ManagerWorld;
  const warnings: string[] = [];
  beforeEach(async () => {
    world = await openManagerWorld();
    world.setTime(start.toISOString());
    warnings.length = 0;
  });
  afterEach(() => world.close());

  interface Setup {
    readonly findDue?: CampaignsDatastore['findDue'];
    readonly leaseSeconds?: number;
    readonly cron?: string;
  }

  /** The schedule of an instance of its own. */
  const create = ({ findDue, leaseSeconds = LEASE_SECONDS, cron = '* * * * *' }: Setup = {}): RefreshSchedule =>
    createRefreshSchedule({
      cron,
      leaseSeconds,
      locks: world.datastores.locks,
      createContext: (_correlation, signal): ManagerContext => {
        const ctx = { ...world.createContext(systemActor), signal };
        const { campaigns } = ctx.datastore;
        return {
          ...ctx,
          log: { ...ctx.log, warn: message => void warnings.push(message) },
          datastore: { ...ctx.datastore, campaigns: { ...campaigns, ...(findDue && { findDue }) } },
        };
      },
    });
  /** A schedule whose runs wait at their first query. */
  const createWaiting = (setup: Omit<Setup, 'findDue'> = {}) => {
    const gate = createGate();
    let isFirst = true;
    const schedule = create({
      ...setup,
      findDue: async query => {
        if (isFirst) await gate.pass();
        isFirst = false;
        return world.datastores.campaigns.findDue(query);
      },
    });
    return { gate, schedule };
  };
  const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
    const pending = Symbol('pending');
    const wait = new Promise(resolve => setTimeout(() => resolve(pending), 20));
    return (await Promise.race([promise, wait])) !== pending;
  };

  it('moves what is due', async () => {
    const date = { open: later(-1), close: later(1000) };
    const { _id } = await world.insertCampaign(createCampaignDocument({ date }));
    await expect(create().run()).resolves.toBe(true);
    await expect(world.datastores.campaigns.findById(_id)).resolves.toMatchObject({ status: 'OPEN' });
  });

  it('lets one of two instances do the work, and the other do it next time', async () => {
    const { gate, schedule: one } = createWaiting();
    const other = create();
    const running = one.run();
    await gate.arrival();
    await expect(other.run()).resolves.toBe(false);
    await expect(one.run()).resolves.toBe(false);
    gate.open();
    await expect(running).resolves.toBe(true);
    await expect(other.run()).resolves.toBe(true);
  });

  it('goes on elsewhere when an instance has died with the lease, whose late end takes nothing back', async () => {
    const [dead, heir] = [createWaiting(), createWaiting()];
    const abandoned = dead.schedule.run();
    await dead.gate.arrival();
    world.setTime(later(LEASE_SECONDS));
    const inherited = heir.schedule.run();
    await heir.gate.arrival();
    dead.gate.open();
    await expect(abandoned).resolves.toBe(true);
    await expect(create().run()).resolves.toBe(false);
    heir.gate.open();
    await expect(inherited).resolves.toBe(true);
  });

  it('keeps the lease as long as a run takes', async () => {
    const leaseSeconds = 0.03;
    const locks = world.store.collection<LockDocument>(locksSpec);
    const { gate, schedule } = createWaiting({ leaseSeconds });
    const running = schedule.run();
    await gate.arrival();
    for (const seconds of [0.02, 0.04, 0.06]) {
      world.setTime(later(seconds));
      const renewed = new Date(later(seconds + leaseSeconds));
      while ((await locks.findOne({ _id: 'refresh' }))?.expiresAt.getTime() !== renewed.getTime()) {
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      await expect(create().run()).resolves.toBe(false);
    }
    gate.open();
    await expect(running).resolves.toBe(true);
    await expect(create().run()).resolves.toBe(true);
  });

  it('gives the lease back when a run fails', async () => {
    const failing = create({
      findDue: async () => {
        throw new Error('away');
      },
    });
    await expect(failing.run()).rejects.toThrow('away');
    await expect(create().run()).resolves.toBe(true);
  });

  it('runs by its pattern from start to stop, tells of a run that failed, and goes on', async () => {
    const gate = createGate();
    let runs = 0;
    const schedule = create({
      cron: '* * * * * *',
      findDue: async query => {
        if (query.status === 'DRAFT') runs += 1;
        if (runs === 1) throw new Error('away');
        await gate.pass();
        return [];
      },
    });
    schedule.start();
    await gate.arrival();
    expect(warnings).toEqual(['refresh.failed']);
    const stopped = schedule.stop();
    await expect(isSettled(stopped)).resolves.toBe(false);
    while (!(await isSettled(stopped))) gate.open();
    await stopped;
    expect(runs).toBe(2);
  });

  it('waits at its stop for a run that was asked for by hand', async () => {
    const { gate, schedule } = createWaiting();
    const running = schedule.run();
    await gate.arrival();
    const stopped = schedule.stop();
    await expect(isSettled(stopped)).resolves.toBe(false);
    gate.open();
    await stopped;
    await expect(running).resolves.toBe(true);
  });

  it('ends a run early at its stop, gives the lease back, and leaves the rest to the next', async () => {
    const date = { open: later(-1), close: later(1000) };
    const { _id } = await world.insertCampaign(createCampaignDocument({ date }));
    const { gate, schedule } = createWaiting();
    const running = schedule.run();
    await gate.arrival();
    const stopped = schedule.stop();
    gate.open();
    await expect(running).rejects.toThrow('What was moved by then is moved');
    await stopped;
    await expect(world.datastores.campaigns.findById(_id)).resolves.toMatchObject({ status: 'DRAFT' });
    await expect(create().run()).resolves.toBe(true);
    await expect(world.datastores.campaigns.findById(_id)).resolves.toMatchObject({ status: 'OPEN' });
  });

  it('stops although it was never started', async () => {
    await expect(create().stop()).resolves.toBeUndefined();
  });
});
