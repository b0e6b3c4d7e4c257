import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Envelope } from '../../app/realtime/envelope.ts';
import { type TestApp } from '../support/app.ts';
import { type EventStreamClient, openEventStream, type StreamMessage } from '../support/event-stream.ts';
import { createCampaign } from '../support/factories.ts';
import { describeInstances, type Instances } from '../support/instances.ts';
import { createSupremeToken } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const SUCCESS = 'campaign:update:v1:success';
const LIFE = ['campaign:update:v1:requested', 'campaign:update:v1:started', SUCCESS];

const parse = ({ data }: StreamMessage): Envelope => JSON.parse(data) as Envelope;
/** The requests that the successes of a stream answer, in the order in which they came. */
const selectCauses = (messages: readonly StreamMessage[]): (string | undefined)[] =>
  messages.map(message => parse(message).causeId);

describeInstances('events over HTTP, of two instances with Redis between them', {}, select => {
  let instances: Instances;
  let campaignId: string;
  const streams: EventStreamClient[] = [];

  beforeEach(async () => {
    instances = select();
    ({ _id: campaignId } = await createCampaign(instances.first.client));
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });

  /** Opens a stream of one campaign's updates, and waits until the other instance knows that somebody listens. */
  const listen = async (to: TestApp, types: string, lastEventId?: string): Promise<EventStreamClient> => {
    const headers = lastEventId === undefined ? undefined : { 'last-event-id': lastEventId };
    const stream = await openEventStream(to.url, createSupremeToken(randomUUID()), { types, campaignId }, headers);
    streams.push(stream);
    const other = to === instances.first ? instances.second : instances.first;
    await until(
      () => other.app.realtime?.presence.isHeard('campaign', 'update'),
      isHeard => isHeard === true,
    );
    return stream;
  };
  /** Posts an update at an instance, and gives its event id. */
  const update = async (at: TestApp, updates: object): Promise<string> => {
    const eventId = randomUUID();
    const type = 'campaign:update:v1:requested';
    const { status } = await at.client.post('/nexus/events', { type, eventId, payload: { campaignId, updates } });
    expect(status).toBe(200);
    return eventId;
  };
  const receive = (stream: EventStreamClient, count: number): Promise<readonly StreamMessage[]> =>
    until(
      () => stream.messages,
      messages => messages.length >= count,
    );

  it('are told at each what was posted at the other, just as they are told where it was posted, and once', async () => {
    const { first, second } = instances;
    const [here, there] = [await listen(first, 'campaign:update:*'), await listen(second, 'campaign:update:*')];
    for (const [at, count] of [
      [first, 3],
      [second, 6],
    ] as const) {
      await update(at, { count });
      for (const stream of [here, there]) await receive(stream, count);
    }
    const events = here.messages.map(parse);
    expect(events.map(({ type }) => type)).toEqual([...LIFE, ...LIFE]);
    expect(there.messages.map(parse)).toEqual(events);
  });

  it('are told to who comes back to the instance, wherever they were posted', async () => {
    const { first, second } = instances;
    // Who stays shows what has arrived at the instance meanwhile.
    const staying = await listen(second, SUCCESS);
    const leaving = await listen(second, SUCCESS);
    const seen = await update(first, { n: 1 });
    expect(selectCauses(await receive(leaving, 1))).toEqual([seen]);
    leaving.close();
    const missed: string[] = [];
    for (const at of [first, second, first]) {
      missed.push(await update(at, { missed }));
      await receive(staying, 1 + missed.length);
    }
    const back = await listen(second, SUCCESS, leaving.lastEventId);
    expect(selectCauses(await receive(back, 3))).toEqual(missed);
    const next = await update(first, { n: 2 });
    expect(selectCauses(await receive(back, 4))).toEqual([...missed, next]);
  });

  it('are not known to the other instance by the same ids: who goes there is told so, and hears what comes', async () => {
    const { first, second } = instances;
    const staying = await listen(first, SUCCESS);
    const leaving = await listen(second, SUCCESS);
    await update(first, { n: 1 });
    await receive(leaving, 1);
    leaving.close();
    await update(first, { n: 2 });
    await receive(staying, 2);
    const elsewhere = await listen(first, SUCCESS, leaving.lastEventId);
    const [reset] = await receive(elsewhere, 1);
    // It goes on from where the other instance is, not from where it was.
    const ringOf = (id = ''): string => id.split('-')[0] ?? '';
    expect([reset?.event, ringOf(reset?.id)]).toEqual(['reset', ringOf(staying.lastEventId)]);
    expect(JSON.parse(reset?.data ?? '')).toMatchObject({ lastEventId: leaving.lastEventId });
    const next = await update(second, { n: 3 });
    const [, told] = await receive(elsewhere, 2);
    expect([told?.event, parse(told as StreamMessage).causeId]).toEqual(['message', next]);
    expect(elsewhere.messages).toHaveLength(2);
  });
});
