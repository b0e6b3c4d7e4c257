import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.ts';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import { LimitExceededError } from '../errors.ts';
import { type Actor } from '../policy.ts';
import { type Bus, createBus } from './bus.ts';
import { createEvent } from './envelope.ts';
import { createEventStreams, type EventStreamOptions, type EventStreams } from './event-streams.ts';

const actor: Actor = { userId: 'ann', supreme: true, campaigns: new Map(), issuedAt: 0 };
const at = new Date('2026-03-01T12:00:00Z');
const nothing = (): void => undefined;

describe('streams of events', () => {
  let bus: Bus;
  let streams: EventStreams;
  let outcomes: string[];
  let patterns: string[];

  const make = (options: Partial<EventStreamOptions> = {}): void => {
    outcomes = [];
    patterns = [];
    const metrics = { handled: nothing, dropped: nothing, failed: nothing };
    bus = createBus({ clock: () => at, log: silentLog('bus'), metrics });
    streams = createEventStreams({
      bus: {
        subscribe(pattern, handler) {
          patterns.push(pattern);
          const end = bus.subscribe(pattern, handler);
          return () => {
            patterns.pop();
            end();
          };
        },
      },
      log: silentLog('streams'),
      options: { maxStreams: 3, maxStreamsPerUser: 3, drainMs: 60_000, returnWithinMs: 0, sweepMs: 5, ...options },
      onStream: outcome => void outcomes.push(outcome),
    });
  };
  /** Opens a stream and, unless told, reads it. */
  const open = (lastEventId?: string, { isRead = true, throwIfOver = nothing } = {}) => {
    const output = new PassThrough({ highWaterMark: 64 });
    const read = { text: '' };
    if (isRead) output.on('data', (chunk: Buffer) => (read.text += chunk.toString()));
    streams.open({ actor, types: ['thing:*'], lastEventId })(output, throwIfOver);
    return { output, read };
  };
  const publish = (count: number): void => {
    for (let n = 0; n < count; n += 1) {
      bus.publish(createEvent('thing:done:v1:success', { n }, { at, metadata: { campaign: { campaignId: 'c' } } }));
    }
  };
  const countEvents = (text: string): number => text.match(/^data: \{"type"/gm)?.length ?? 0;
  const lastId = (text: string): string => [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? '';

  beforeEach(() => make());
  afterEach(() => streams.close());

  it('listen to nothing before somebody asks, and stop a while after the last one went', async () => {
    make({ keptMs: 0 });
    expect(patterns).toEqual([]);
    const { output, read } = open();
    expect(patterns).toEqual(['*']);
    publish(1);
    await until(
      () => countEvents(read.text),
      count => count === 1,
    );
    output.destroy();
    await until(
      () => patterns.length,
      count => count === 0,
    );
    // What happened since is not known, and said to be so.
    const back = open(lastId(read.text));
    await until(
      () => back.read.text,
      text => text.includes('event: reset\n'),
    );
  });

  it('cut off who is so far behind that what comes next is not kept any more, and nobody else', async () => {
    make({ keptCount: 5 });
    const slow = open(undefined, { isRead: false });
    const quick = open();
    for (let n = 0; n < 4; n += 1) {
      publish(3);
      const expected = 3 * (n + 1);
      await until(
        () => countEvents(quick.read.text),
        count => count === expected,
      );
    }
    expect([slow.output.destroyed, quick.output.destroyed]).toEqual([true, false]);
    expect(outcomes.filter(outcome => outcome === 'slow')).toHaveLength(1);
    expect(streams.count).toBe(1);
  });

  it('cut off who does not read for too long', async () => {
    make({ drainMs: 10 });
    const { output } = open(undefined, { isRead: false });
    publish(1);
    await until(
      () => output.destroyed,
      isDestroyed => isDestroyed,
    );
    expect(outcomes).toEqual(['opened', 'slow', 'closed']);
  });

  it('go on where a reader catches up', async () => {
    const late = open(undefined, { isRead: false });
    publish(20);
    await until(
      () => late.output.writableNeedDrain,
      isFull => isFull,
    );
    late.output.on('data', (chunk: Buffer) => (late.read.text += chunk.toString()));
    await until(
      () => countEvents(late.read.text),
      count => count === 20,
    );
    expect(late.output.destroyed).toBe(false);
  });

  it('keep no more than they may, by count and by size', async () => {
    make({ keptLength: 600 });
    const first = open();
    const beginning = until(
      () => first.read.text,
      text => text.includes('id: '),
    );
    const start = lastId(await beginning);
    publish(8);
    await until(
      () => countEvents(first.read.text),
      count => count === 8,
    );
    const all = open(start);
    const some = open(lastId(first.read.text).replace(/8$/, '7'));
    await until(
      () => [all.read.text.includes('event: reset'), countEvents(some.read.text)],
      ([isReset, count]) => isReset === true && count === 1,
    );
    expect(countEvents(all.read.text)).toBe(0);
  });

  it('give those who come back what they have not seen, or say that it is not known', async () => {
    make({ keptCount: 3, maxStreams: 5, maxStreamsPerUser: 5 });
    const { read } = open();
    for (let n = 1; n <= 8; n += 1) {
      publish(1);
      await until(
        () => countEvents(read.text),
        count => count === n,
      );
    }
    // The last three are kept; nobody can have seen the ninth.
    const back = [4, 5, 7, 9].map(place => open(lastId(read.text).replace(/8$/, `${place}`)));
    publish(1);
    await until(
      () => back.map(one => countEvents(one.read.text)).join(),
      counts => counts === '1,4,2,1',
    );
    expect(back.map(one => one.read.text.includes('event: reset'))).toEqual([true, false, false, true]);
  });

  it('show that they are alive', async () => {
    make({ heartbeatMs: 1 });
    const { read } = open();
    await until(
      () => read.text,
      text => text.includes(': alive\n\n'),
    );
  });

  it('show nothing once a token is over', async () => {
    const token = { isOver: false };
    const throwIfOver = (): void => {
      if (token.isOver) throw new ServiceUnavailableError('token');
    };
    make({ sweepMs: 60_000 });
    const { output, read } = open(undefined, { throwIfOver });
    token.isOver = true;
    publish(1);
    await until(
      () => output.writableEnded && read.text.includes('event: close'),
      isOver => isOver,
    );
    expect(countEvents(read.text)).toBe(0);
  });

  it('are so many as there may be, and none at a stop', async () => {
    const opened = [open(), open(), open()];
    expect(() => open()).toThrow(LimitExceededError);
    opened[0]?.output.destroy();
    await until(
      () => streams.count,
      count => count === 2,
    );
    const begin = streams.open({ actor, types: ['thing:*'] });
    open();
    await streams.close();
    expect(opened.map(({ output }) => output.closed)).toEqual([true, true, true]);
    expect(() => open()).toThrow(ServiceUnavailableError);
    expect(outcomes.filter(outcome => outcome === 'closed')).toHaveLength(4);
    // One that was let in before is told so.
    const late = new PassThrough();
    begin(late, nothing);
    expect(String(late.read())).toContain('event: close\n');
    expect([late.writableEnded, streams.count]).toEqual([true, 0]);
  });
});
