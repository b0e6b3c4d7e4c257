import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.ts';
import { silentLog } from '../../lib/log.ts';
import { UnauthorizedError } from '../../lib/errors.ts';
import { CampaignNotFoundError } from '../errors.ts';
import { type Actor } from '../policy.ts';
import { type Bus, type BusReceiver, type Caller, createBus } from './bus.ts';
import { createEvent, type Envelope, readRequest } from './envelope.ts';
import { createRecentKeys } from './recent-keys.ts';

const clock = () => new Date('2026-03-01T12:00:00Z');
const actor: Actor = { userId: 'ann', supreme: true, campaigns: new Map(), issuedAt: 0 };
const caller: Caller = { actor, signal: new AbortController().signal };
const event = (type: string, eventId: string, campaignId?: string): Envelope => ({
  ...createEvent(type, {}, { at: clock(), metadata: campaignId === undefined ? {} : { campaign: { campaignId } } }),
  eventId,
});

describe('the bus', () => {
  let bus: Bus;
  let counts: string[];

  beforeEach(() => {
    counts = [];
    bus = createBus({
      clock,
      log: silentLog('bus'),
      queueLimit: 2,
      metrics: {
        handled: (type, outcome) => void counts.push(`${type} ${outcome}`),
        dropped: type => void counts.push(`dropped ${type}`),
        failed: type => void counts.push(`failed ${type}`),
      },
    });
  });

  const ask = (type: string, input: object = {}): Promise<Envelope> =>
    bus.handle(readRequest({ type, eventId: 'e-1', ...input }, { userId: 'ann', now: clock() }), caller);
  /** Hears what a pattern gives. */
  const listen = (pattern: string, campaignId?: string): { readonly heard: string[]; end: () => void } => {
    const heard: string[] = [];
    const end = bus.subscribe(
      pattern,
      ({ type, metadata }) => void heard.push([type, metadata.campaign?.campaignId].filter(Boolean).join(' ')),
      campaignId === undefined ? {} : { campaignId },
    );
    return { heard, end };
  };
  const settle = () => new Promise(resolve => setImmediate(resolve));

  it('gives those who ask for it the error that an answer tells of, and tells others of it all the same', async () => {
    bus.registerAction('campaign', 'greet', 1, () => Promise.reject(new CampaignNotFoundError()));
    const failures = listen('campaign:greet:v1:failed');
    const request = readRequest(
      { type: 'campaign:greet:v1:requested', eventId: 'e-1' },
      { userId: 'ann', now: clock() },
    );
    await expect(bus.ask(request, caller)).rejects.toThrow(CampaignNotFoundError);
    await settle();
    expect(failures.heard).toEqual(['campaign:greet:v1:failed']);
    expect(counts).toEqual(['campaign:greet:v1:requested CAMPAIGN_NOT_FOUND']);
  });

  it('carries out a request and tells its life', async () => {
    bus.registerAction('campaign', 'greet', 1, async ({ envelope }) => ({ hello: envelope.payload['name'] }));
    const all = listen('campaign:*');
    const answer = await ask('campaign:greet:v1:requested', { payload: { name: 'Ann' } });
    expect(answer).toMatchObject({ type: 'campaign:greet:v1:success', causeId: 'e-1', payload: { hello: 'Ann' } });
    await settle();
    expect(all.heard).toEqual([
      'campaign:greet:v1:requested',
      'campaign:greet:v1:started',
      'campaign:greet:v1:success',
    ]);
    expect(counts).toEqual(['campaign:greet:v1:requested success']);
    expect(bus.listRequests()).toEqual(['campaign:greet:v1:requested']);
  });

  it('answers a request that fails, and tells that', async () => {
    bus.registerAction('campaign', 'greet', 1, () => Promise.reject(new CampaignNotFoundError()), {
      explain: error => ({ isOurs: error instanceof CampaignNotFoundError }),
    });
    const failures = listen('campaign:greet:v1:failed');
    const answer = await ask('campaign:greet:v1:requested');
    expect(answer).toMatchObject({
      type: 'campaign:greet:v1:failed',
      payload: { error: { type: 'CAMPAIGN_NOT_FOUND' }, isOurs: true },
    });
    await settle();
    expect(failures.heard).toEqual(['campaign:greet:v1:failed']);
    expect(counts).toEqual(['campaign:greet:v1:requested CAMPAIGN_NOT_FOUND']);
  });

  it('answers what cannot be asked for, and counts no names that strangers make up', async () => {
    const answer = await ask('campaign:dance:v1:requested');
    expect(answer).toMatchObject({
      type: 'campaign:dance:v1:failed',
      payload: { error: { type: 'EVENT_TYPE_UNKNOWN' } },
    });
    bus.registerAction('campaign', 'greet', 1, async () => ({}));
    expect((await ask('campaign:greet:v1:success')).payload).toMatchObject({ error: { type: 'EVENT_TYPE_UNKNOWN' } });
    expect(counts).toEqual([]);
  });

  it('refuses a second action of a name', () => {
    bus.registerAction('campaign', 'greet', 1, async () => ({}));
    bus.registerAction('campaign', 'greet', 2, async () => ({}));
    expect(() => bus.registerAction('campaign', 'greet', 1, async () => ({}))).toThrow('twice');
  });

  it('tells nobody of a request that is not admitted', async () => {
    const all = listen('*');
    bus.registerAction('campaign', 'greet', 1, async () => ({}), {
      admit: () => Promise.reject(new UnauthorizedError()),
    });
    expect((await ask('campaign:greet:v1:requested')).payload).toMatchObject({ error: { type: 'UNAUTHORIZED' } });
    await settle();
    expect(all.heard).toEqual([]);
  });

  it('says of an event the campaign that was admitted, not the one that its sender claims', async () => {
    bus.registerAction('campaign', 'greet', 1, async () => ({}), { admit: async () => 'real' });
    const real = listen('campaign:greet:v1:success', 'real');
    const claimed = listen('*', 'claimed');
    await ask('campaign:greet:v1:requested', { metadata: { campaign: { campaignId: 'claimed' } } });
    await settle();
    expect([real.heard, claimed.heard]).toEqual([['campaign:greet:v1:success real'], []]);
  });

  it('tells the life of a repeat once, and answers it all the same', async () => {
    let outcome: () => Promise<object> = () => Promise.reject(new CampaignNotFoundError());
    bus.registerAction('campaign', 'greet', 1, async () => ({ ...(await outcome()) }));
    const all = listen('campaign:greet:*');
    await ask('campaign:greet:v1:requested');
    outcome = async () => ({ n: 1 });
    expect((await ask('campaign:greet:v1:requested')).payload).toEqual({ n: 1 });
    expect((await ask('campaign:greet:v1:requested')).payload).toEqual({ n: 1 });
    await settle();
    const states = all.heard.map(type => type.split(':').at(-1));
    expect(states).toEqual(['requested', 'started', 'failed', 'success'].slice(0, states.length));
    expect(states).toHaveLength(4);
  });

  it('gives an event once to each who matches it', async () => {
    const patterns = ['a:b:v1:success', 'a:b:v1:*', 'a:b:*', 'a:*', '*'];
    const matching = patterns.map(pattern => listen(pattern));
    const others = ['a:b:v1:failed', 'a:b:v2:*', 'a:bb:*', 'aa:*'].map(pattern => listen(pattern));
    bus.publish(event('a:b:v1:success', 'e-1'));
    bus.publish(event('a:b:v1:success', 'e-1'));
    await settle();
    expect(matching.map(({ heard }) => heard.length)).toEqual([1, 1, 1, 1, 1]);
    expect(others.flatMap(({ heard }) => heard)).toEqual([]);
  });

  it.each(['', 'a', 'a*', '*:b', 'a:*:c', 'a:b:c:d', 'a:b:v1:success:*'])('refuses the pattern %j', pattern => {
    expect(() => bus.subscribe(pattern, () => undefined)).toThrow('pattern');
  });

  it('lets a handler that throws stop no other, and nothing after', async () => {
    bus.subscribe('a:*', () => {
      throw new Error('no');
    });
    bus.subscribe('a:*', () => Promise.reject(new Error('no')));
    const good = listen('a:*');
    bus.publish(event('a:b:v1:success', 'e-1'));
    bus.publish(event('a:b:v1:success', 'e-2'));
    await settle();
    expect(good.heard).toHaveLength(2);
    expect(counts).toEqual(Array.from({ length: 4 }, () => 'failed a:b:v1:success'));
  });

  it('drops and counts what a full queue cannot take, for its handler alone', async () => {
    const heard: string[] = [];
    let release: () => void = () => undefined;
    const held = new Promise<void>(resolve => (release = resolve));
    bus.subscribe('a:*', async ({ eventId }) => {
      heard.push(eventId);
      await held;
    });
    bus.publish(event('a:b:v1:success', 'e-1'));
    await until(
      () => heard.length,
      count => count === 1,
    );
    for (const id of ['e-2', 'e-3', 'e-4', 'e-5']) bus.publish(event('a:b:v1:success', id));
    release();
    await until(
      () => heard.length,
      count => count === 3,
    );
    await settle();
    expect(heard).toEqual(['e-1', 'e-2', 'e-3']);
    expect(counts).toEqual(['dropped a:b:v1:success', 'dropped a:b:v1:success']);
  });

  it('calls no handler after it was taken back', async () => {
    const { heard, end } = listen('a:*');
    bus.publish(event('a:b:v1:success', 'e-1'));
    end();
    await settle();
    bus.publish(event('a:b:v1:success', 'e-2'));
    await settle();
    expect(heard).toEqual([]);
  });

  describe('with other instances', () => {
    let receiver: BusReceiver;
    let topicsOfOthers: readonly string[];
    let announced: (readonly string[])[];
    let sent: string[];

    beforeEach(() => {
      [topicsOfOthers, announced, sent] = [[], [], []];
      bus = createBus({
        clock,
        log: silentLog('bus'),
        queueLimit: 2,
        metrics: {
          handled: () => undefined,
          dropped: type => void counts.push(`dropped ${type}`),
          failed: type => void counts.push(`failed ${type}`),
        },
        openRelay(given) {
          receiver = given;
          return {
            isAnybodyThere: true,
            isHeard: (service, action) => topicsOfOthers.includes(`${service}:${action}`),
            announce: topics => void announced.push(topics),
            send: ({ type, eventId }) => void sent.push(`${type} ${eventId}`),
          };
        },
      });
    });

    it('says what is listened to, each time that it is something else', () => {
      const ends = ['a:b:v1:success', 'a:b:*', 'a:*', '*', 'a:b:v1:success'].map(pattern =>
        bus.subscribe(pattern, () => undefined),
      );
      expect(announced).toEqual([['a:b'], ['a:b', 'a:*'], ['a:b', 'a:*', '*']]);
      announced.length = 0;
      for (const end of [...ends, ...ends].reverse()) end();
      expect(announced).toEqual([['a:b', 'a:*'], ['a:b'], []]);
      bus.subscribe('a:b:*', () => undefined);
      expect([receiver.isHeard('a', 'b'), receiver.isHeard('a', 'c'), receiver.isHeard('b', 'b')]).toEqual([
        true,
        false,
        false,
      ]);
    });

    it('sends them what they listen to and have not told themselves, and nothing else', async () => {
      bus.publish(event('a:b:v1:success', '1'));
      topicsOfOthers = ['a:b'];
      const { heard } = listen('*');
      for (const id of ['2', '2', '3']) bus.publish(event('a:b:v1:success', id));
      bus.publish(event('a:c:v1:success', '4'));
      receiver.receive(event('a:b:v1:success', '5'), '5');
      bus.publish(event('a:b:v1:success', '5'));
      receiver.receive(event('a:b:v1:success', '3'), '3');
      await settle();
      expect(sent).toEqual(['a:b:v1:success 2', 'a:b:v1:success 3']);
      expect(heard).toHaveLength(2);
      expect(counts).toEqual(['dropped a:c:v1:success', 'dropped a:b:v1:success']);
    });

    it('does not make of what they tell a metric of its own', async () => {
      bus.subscribe('*', () => Promise.reject(new Error('no')));
      for (let at = 0; at < 3; at += 1) receiver.receive(event(`a:b${at}:v1:success`, `${at}`), `${at}`);
      await settle();
      expect(counts).toEqual(['dropped other', 'failed other', 'failed other']);
    });
  });
});

describe('recent keys', () => {
  it('are known for their time, and the oldest are forgotten for new ones', () => {
    let now = 0;
    const keys = createRecentKeys({ ttlMs: 100, max: 2, now: () => now });
    expect([keys.add('a'), keys.add('a')]).toEqual([true, false]);
    now = 99;
    expect(keys.add('a')).toBe(false);
    now = 100;
    expect(keys.add('a')).toBe(true);
    expect([keys.add('b'), keys.add('c'), keys.add('a')]).toEqual([true, true, true]);
  });
});
