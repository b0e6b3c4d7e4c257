import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { until } from '../../test/support/until.ts';
import { silentLog } from '../../lib/log.ts';
import { type Actor } from '../policy.ts';
import { type CloseReason, type Connection } from './connection.ts';
import { type Frame } from './frame.ts';
import { type CampaignStateManager, createCampaignStateManager } from './state/campaign-state-manager.ts';
import { type StateListener } from './state/events.ts';
import { createMemoryJournal } from './state/memory-journal.ts';
import { createSubscriptions, type SubscribeRequest, type Subscriptions } from './subscriptions.ts';

const supreme: Actor = { userId: 'ann', supreme: true, campaigns: new Map(), issuedAt: 0 };
const campaignId = 'campaign-1';

/** A connection that reads at once, or when it is told to. */
interface TestConnection extends Connection {
  readonly frames: Frame[];
  readonly closedBy: CloseReason[];
  /** Whether what is sent leaves at once. */
  isReading: boolean;
  /** Reads what waits. */
  read(): void;
  /** Is gone. */
  hangUp(): void;
  /** What each frame said of versions: `1 state`, `2 patch`, `3-5`. */
  told(): string[];
}

function createConnection(id: string): TestConnection {
  const waiting: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  const connection: TestConnection = {
    id,
    actor: supreme,
    frames: [],
    closedBy: [],
    isReading: true,
    send(frame, onSent) {
      connection.frames.push(frame);
      if (connection.isReading) onSent?.();
      else waiting.push(() => onSent?.());
    },
    get isDrained() {
      return waiting.length === 0;
    },
    onClose(listener) {
      listeners.push(listener);
      return () => undefined;
    },
    close: reason => void connection.closedBy.push(reason),
    read() {
      connection.isReading = true;
      for (const sent of waiting.splice(0)) sent();
    },
    hangUp: () => listeners.forEach(listener => listener()),
    told: () => connection.frames.map(describeFrame),
  };
  return connection;
}

function describeFrame({ text }: Frame): string {
  const { payload } = JSON.parse(text) as {
    payload: { version?: number; state?: object; versions?: { version: number }[] };
  };
  const { version, versions, state } = payload;
  if (versions !== undefined) return `${versions[0]?.version}-${versions.at(-1)?.version}`;
  return `${version} ${state === undefined ? 'patch' : 'state'}`;
}

describe('subscriptions', () => {
  let states: CampaignStateManager;
  let listeners: StateListener[];
  let slow: string[];

  beforeEach(() => {
    const journal = createMemoryJournal();
    slow = [];
    states = createCampaignStateManager({
      journal,
      snapshots: journal,
      readInitialState: async () => ({ title: 'First' }),
      clock: () => new Date(),
      log: silentLog('states'),
    });
    listeners = [];
  });

  const create = ({ windowMs = 0, bufferCount = 3, drainMs = 600_000 } = {}): Subscriptions =>
    createSubscriptions({
      states: {
        subscribe: (id, listener, options) => {
          listeners.push(listener);
          return states.subscribe(id, listener, options);
        },
      },
      clock: () => new Date(),
      log: silentLog('subscriptions'),
      limits: { bufferCount, bufferBytes: 1_000_000, drainMs, perConnection: 2 },
      windowMs,
      whenWritten: () => Promise.resolve(),
      onSlow: action => void slow.push(action),
    });
  const subscribe = (subscriptions: Subscriptions, connection: Connection, fields: Partial<SubscribeRequest> = {}) =>
    subscriptions.subscribe({
      campaignId,
      connection,
      mode: 'patch',
      selectView: () => ({ isRaw: true }),
      isViewFixed: true,
      signal: new AbortController().signal,
      ...fields,
    });
  const write = (updates: object) =>
    states.write({
      campaignId,
      eventId: randomUUID(),
      actor: supreme,
      by: 'someone',
      operation: { kind: 'update', updates: updates as Record<string, unknown> },
    });
  const untilTold = (connection: TestConnection, count: number) =>
    until(
      () => connection.told(),
      all => all.length >= count,
    );

  it('give the same frame, made once, to all who want the same', async () => {
    const subscriptions = create();
    const [one, two, full] = [createConnection('1'), createConnection('2'), createConnection('3')];
    await subscribe(subscriptions, one);
    await subscribe(subscriptions, two);
    await subscribe(subscriptions, full, { mode: 'full' });
    await write({ title: 'Second' });
    for (const connection of [one, two, full]) await untilTold(connection, 2);
    expect([one.told(), full.told()]).toEqual([
      ['1 state', '2 patch'],
      ['1 state', '2 state'],
    ]);
    expect(two.frames[0]).toBe(one.frames[0]);
    expect(two.frames[1]).toBe(one.frames[1]);
    expect(subscriptions.summarize()).toEqual({ campaigns: 1, subscribers: 3 });
  });

  it('send the first version of a quiet campaign at once, and what follows it together', async () => {
    const subscriptions = create({ windowMs: 1_500 });
    const connection = createConnection('1');
    await subscribe(subscriptions, connection);
    await write({ n: 1 });
    await untilTold(connection, 2);
    for (const n of [2, 3, 4]) await write({ n });
    expect(await untilTold(connection, 3)).toEqual(['1 state', '2 patch', '3-5']);
  });

  it('give who joins meanwhile what came after it, and nothing twice', async () => {
    const subscriptions = create({ windowMs: 1_000 });
    const [early, late, latest] = [createConnection('1'), createConnection('2'), createConnection('3')];
    await subscribe(subscriptions, early);
    await write({ n: 1 });
    await untilTold(early, 2);
    await write({ n: 2 });
    expect(await subscribe(subscriptions, late)).toMatchObject({ version: 3, isSnapshot: true });
    await write({ n: 3 });
    await subscribe(subscriptions, latest);
    expect(await untilTold(early, 3)).toEqual(['1 state', '2 patch', '3-4']);
    expect(await untilTold(late, 2)).toEqual(['3 state', '4 patch']);
    await write({ n: 4 });
    expect(await untilTold(latest, 2)).toEqual(['4 state', '5 patch']);
  });

  it('keep nothing for who does not read, and give it the state when it has read', async () => {
    const subscriptions = create({ bufferCount: 2 });
    const [reader, stuck] = [createConnection('1'), createConnection('2')];
    await subscribe(subscriptions, reader);
    await subscribe(subscriptions, stuck);
    stuck.isReading = false;
    for (const n of [1, 2, 3, 4, 5]) {
      await write({ n });
      await untilTold(reader, n + 1);
    }
    expect(stuck.told()).toEqual(['1 state', '2 patch', '3 patch']);
    expect(slow).toEqual(['coalesced']);
    stuck.read();
    expect(stuck.told().at(-1)).toBe('6 state');
    await write({ n: 6 });
    expect(await untilTold(stuck, 5)).toEqual(['1 state', '2 patch', '3 patch', '6 state', '7 patch']);
  });

  it('close who reads nothing at all', async () => {
    const subscriptions = create({ bufferCount: 1, drainMs: 20 });
    const [reader, stuck] = [createConnection('1'), createConnection('2')];
    await subscribe(subscriptions, reader);
    await subscribe(subscriptions, stuck);
    stuck.isReading = false;
    for (const n of [1, 2]) {
      await write({ n });
      await untilTold(reader, n + 1);
    }
    expect(
      await until(
        () => stuck.closedBy,
        all => all.length > 0,
      ),
    ).toMatchObject([{ isRetryable: true }]);
    expect(slow).toEqual(['coalesced', 'closed']);
    expect(reader.closedBy).toEqual([]);
  });

  it('give all the state anew where history was lost', async () => {
    const subscriptions = create();
    const connection = createConnection('1');
    await subscribe(subscriptions, connection);
    await write({ n: 1 });
    await untilTold(connection, 2);
    // As the manager does when the journal has another history than the memory.
    const { state, version, changeId, at } = await states.read(campaignId);
    listeners[0]?.({ kind: 'snapshot', campaignId, state, version, changeId, at });
    expect(connection.told()).toEqual(['1 state', '2 patch', '2 state']);
    await write({ n: 2 });
    expect((await untilTold(connection, 4)).at(-1)).toBe('3 patch');
  });

  it('end with their connection, and let go of a campaign that nobody wants', async () => {
    const subscriptions = create();
    const [one, two] = [createConnection('1'), createConnection('2')];
    await subscribe(subscriptions, one);
    await subscribe(subscriptions, two);
    one.hangUp();
    expect(subscriptions.count(campaignId)).toBe(1);
    expect(await subscriptions.unsubscribe(campaignId, two)).toBe(true);
    expect(await subscriptions.unsubscribe(campaignId, two)).toBe(false);
    expect(subscriptions.summarize()).toEqual({ campaigns: 0, subscribers: 0 });
    expect(states.summarize().subscribers).toBe(0);
    await write({ n: 1 });
    expect([one.told(), two.told()]).toEqual([['1 state'], ['1 state']]);
    await subscribe(subscriptions, two);
    expect(two.told()).toEqual(['1 state', '2 state']);
  });

  it('are not made for who has gone meanwhile', async () => {
    const subscriptions = create();
    const connection = createConnection('1');
    const gone = new AbortController();
    const joining = subscribe(subscriptions, connection, { signal: gone.signal });
    gone.abort();
    await expect(joining).rejects.toThrow();
    expect(connection.told()).toEqual([]);
    expect(subscriptions.summarize()).toEqual({ campaigns: 0, subscribers: 0 });
  });
});
