import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Envelope } from '../../app/realtime/envelope.ts';
import { type HistoryClient } from '../support/history/history.ts';
import { createHistoryDriver, type HistoryDriver } from '../support/history/history-client.ts';
import { createHistoryRecorder, type HistoryRecorder } from '../support/history/recorder.ts';
import { type Random } from '../support/random.ts';
import { createToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

/** People at work on two campaigns over the channel, and what became of it. */
export interface ChannelLoad {
  readonly recorder: HistoryRecorder;
  readonly drivers: readonly HistoryDriver[];
  /** What each may see, and must have seen at the end. */
  readonly clients: Readonly<Record<string, HistoryClient>>;
  /** How many updates were acknowledged so far. */
  readonly acknowledged: number;
  /** Failures that nobody expects, whatever breaks. */
  readonly surprises: readonly Envelope[];
  /** Resolves when so many more updates were acknowledged. */
  progress(count: number): Promise<void>;
  /**
   * No more updates: resolves when all were answered and all who follow have seen the last version. Throws who has not
   * long after they should have.
   */
  settle(): Promise<void>;
  close(): void;
}

export interface ChannelLoadOptions {
  readonly url: string;
  /** The campaign that all work on, and one that only some may see. */
  readonly campaignIds: readonly [string, string];
  readonly random: Random;
  readonly writers?: number;
  readonly readers?: number;
  /** How long a writer waits between its updates, at most. */
  readonly pauseMs?: number;
}

/** Whatever was broken is whole again by then, many times over. */
const SETTLE_MS = 120_000;

/** What is in the state of a campaign, and in that of no other. */
export function selectSecret(campaignId: string): string {
  return `sesame of ${campaignId}`;
}

const TOKEN_SECONDS = 10 * 365 * 24 * 3600;
const EXPECTED = new Set(['VERSION_MISMATCH', 'STATE_VERSION_NOT_FOUND']);

/**
 * Starts writers and readers. Writers make every kind of change, some with an expected version, send some twice, and read.
 * Readers follow one campaign or both, some as whole states, and leave and come back. One may see nothing and tries to.
 */
export function startChannelLoad({
  url,
  campaignIds,
  random,
  writers: writerCount = 6,
  readers: readerCount = 6,
  pauseMs = 25,
}: ChannelLoadOptions): ChannelLoad {
  const recorder = createHistoryRecorder();
  const clients: Record<string, HistoryClient> = {};
  const surprises: Envelope[] = [];
  const [shared, secret] = campaignIds;
  let acknowledged = 0;
  let isOver = false;

  const connect = (
    name: string,
    grants: Record<string, readonly string[]>,
    follows: readonly string[],
  ): HistoryDriver => {
    const campaigns = Object.fromEntries(Object.entries(grants).map(([id, actions]) => [id, { actions }]));
    const token = createToken({ userId: name, campaigns }, { expiresInSeconds: TOKEN_SECONDS });
    clients[name] = { readable: Object.keys(grants), follows };
    return createHistoryDriver({ name, url, recorder, selectToken: () => token });
  };

  const count = (answer: Envelope | null): Envelope | null => {
    if (answer === null) return null;
    const { error } = answer.payload as { error?: { type: string } };
    if (error === undefined) acknowledged += 1;
    else if (!EXPECTED.has(error.type)) surprises.push(answer);
    return answer;
  };

  const write = async (driver: HistoryDriver, own: Random): Promise<void> => {
    for (const campaignId of campaignIds) {
      count(await driver.ask('update', { campaignId, updates: { secret: selectSecret(campaignId) } }));
    }
    while (!isOver) {
      const campaignId = own.oneIn(4) ? secret : shared;
      const [action, payload] = makeChange(own, driver.cursor(campaignId)?.version);
      const eventId = randomUUID();
      const request = { campaignId, ...payload };
      count(await driver.ask(action, request, eventId));
      if (own.oneIn(8)) await driver.ask(action, request, eventId);
      if (own.oneIn(8)) await driver.ask('state', { campaignId });
      await sleep(own.below(pauseMs));
    }
  };

  const read = async (driver: HistoryDriver, campaignId: string, own: Random): Promise<void> => {
    while (!isOver) {
      await sleep(own.below(40 * pauseMs));
      if (isOver || !own.oneIn(3)) continue;
      await driver.unfollow(campaignId);
      driver.follow(campaignId);
    }
  };

  const pry = async (driver: HistoryDriver, own: Random): Promise<void> => {
    while (!isOver) {
      await driver.ask(own.pick(['state', 'history', 'update']), { campaignId: shared, limit: 1, updates: {} });
      await sleep(own.below(20 * pauseMs));
    }
  };

  const drivers: HistoryDriver[] = [];
  const work: Promise<void>[] = [];
  const all = ['read', 'update'] as const;
  for (let at = 0; at < writerCount; at += 1) {
    const driver = connect(`writer-${at}`, { [shared]: all, [secret]: all }, [shared]);
    driver.follow(shared);
    drivers.push(driver);
    work.push(write(driver, random.fork()));
  }
  for (let at = 0; at < readerCount; at += 1) {
    const seen = at % 3 === 2 ? secret : shared;
    const driver = connect(`reader-${at}`, { [seen]: ['read'] }, [seen]);
    // What it may not see is asked for as well.
    driver.follow(seen, at % 3 === 1 ? 'full' : 'patch');
    driver.follow(seen === shared ? secret : shared);
    drivers.push(driver);
    if (at >= 3) work.push(read(driver, seen, random.fork()));
  }
  const stranger = connect('stranger', {}, []);
  stranger.follow(shared);
  drivers.push(stranger);
  work.push(pry(stranger, random.fork()));

  return {
    recorder,
    drivers,
    clients,
    get acknowledged() {
      return acknowledged;
    },
    surprises,
    async progress(more) {
      const target = acknowledged + more;
      await until(
        () => acknowledged,
        current => current >= target,
      );
    },
    async settle() {
      isOver = true;
      await Promise.all(work);
      const [writer] = drivers;
      for (const campaignId of campaignIds) {
        const followers = drivers.filter(({ name }) => clients[name]?.follows.includes(campaignId) === true);
        const selectBehind = (last: unknown): HistoryDriver[] =>
          followers.filter(driver => driver.cursor(campaignId)?.version !== last);
        const givesUpAt = performance.now() + SETTLE_MS;
        await until(
          async () => (await writer?.ask('state', { campaignId }))?.payload['version'],
          last => {
            const behind = selectBehind(last);
            if (behind.length > 0 && performance.now() > givesUpAt) {
              const places = behind.map(driver => `${driver.name} at ${driver.cursor(campaignId)?.version}`).join(', ');
              throw new Error(`The last version, ${String(last)}, did not reach ${places}.`);
            }
            return behind.length === 0;
          },
        );
      }
    },
    close() {
      isOver = true;
      for (const driver of drivers) driver.close();
    },
  };
}

/** Makes a change up: which request, and what it says. */
function makeChange(random: Random, known: number | undefined): [action: string, payload: object] {
  const expected = known !== undefined && random.oneIn(4) ? { expectedVersion: known } : {};
  const updates = { [`key-${random.below(6)}`]: makeValue(random) };
  switch (random.below(8)) {
    case 0:
      return ['feature', { action: random.pick(['add', 'remove']), features: [`f${random.below(4)}`], ...expected }];
    case 1:
      return ['config', { configType: 'ui_content', config: updates, ...expected }];
    case 2: {
      const steps = [
        { kind: 'update', updates },
        { kind: 'update', updates: { [`key-${random.below(6)}`]: makeValue(random) } },
        { kind: 'feature', action: 'add', features: [`f${random.below(4)}`] },
      ];
      return ['batch', { operations: steps, ...expected }];
    }
    case 3:
      // It would take the secret away that must stay.
      return known === undefined || known < 40 ? ['update', { updates }] : ['rollback', { toVersion: known }];
    default:
      return ['update', { updates, ...expected }];
  }
}

function makeValue(random: Random): unknown {
  const text = randomUUID().repeat(1 + random.below(8));
  return random.pick([random.below(100), text, null, { inner: text, other: null }, { list: [random.below(9), null] }]);
}
