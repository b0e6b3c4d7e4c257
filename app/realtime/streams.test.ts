import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Actor } from '../policy.ts';
import { type Connection } from './connection.ts';
import { createEvent, type Envelope, readRequest } from './envelope.ts';
import { createFrame } from './frame.ts';
import { type StreamWriter } from './stream.ts';
import { createStreams, type Streams } from './streams.ts';

const campaignId = '0123456789abcdef01234567';
const clock = () => new Date('2026-03-01T12:00:00Z');
const actor: Actor = { userId: 'ann', supreme: true, campaigns: new Map(), issuedAt: 0 };

/** A connection whose reader reads at once, or when it is told to. */
class Reader implements Connection {
  readonly id = 'connection-1';
  actor = actor;
  readonly events: Envelope[] = [];
  isReading = true;
  readonly #waiting: (() => void)[] = [];
  readonly #onClose: (() => void)[] = [];

  get isDrained(): boolean {
    return this.#waiting.length === 0;
  }
  send({ text }: { readonly text: string }, onSent: () => void = () => undefined): void {
    this.events.push(JSON.parse(text) as Envelope);
    if (this.isReading) onSent();
    else this.#waiting.push(onSent);
  }
  read(): void {
    for (const sent of this.#waiting.splice(0)) sent();
  }
  onClose(listener: () => void): () => void {
    this.#onClose.push(listener);
    return () => undefined;
  }
  close(): void {
    for (const listener of this.#onClose) listener();
  }
  /** What came, as its state and what it counts. */
  told(): string[] {
    return this.events.map(
      ({ type, payload }) => `${type.split(':').at(-1)} ${String(payload['seq'] ?? payload['items'])}`,
    );
  }
}

describe('streams', () => {
  let streams: Streams;
  let reader: Reader;
  let slow: number;

  beforeEach(() => {
    jest.useFakeTimers();
    slow = 0;
    reader = new Reader();
    streams = createStreams({
      clock,
      limits: { bufferCount: 2, bufferBytes: 10_000, drainMs: 500, heartbeatMs: 1_000, perConnection: 2 },
      countOthers: () => 0,
      metrics: { item: () => undefined, slow: () => void (slow += 1) },
    });
  });
  afterEach(() => void jest.useRealTimers());

  const envelope = readRequest(
    { type: 'campaign:stream_events:v1:requested', eventId: 'start-1', payload: {} },
    { userId: 'ann', now: clock() },
  );
  const start = async (
    fill: (writer: StreamWriter) => Promise<void> = async () => undefined,
  ): Promise<StreamWriter> => {
    let writer: StreamWriter | undefined;
    const signal = new AbortController().signal;
    await streams.start({
      envelope,
      campaignId,
      connection: reader,
      signal,
      fill: given => fill((writer = given)),
    });
    if (writer === undefined) throw new Error('There is no stream.');
    return writer;
  };
  const begin = () => jest.advanceTimersByTimeAsync(0);

  it('send nothing before they begin, then all of it in its order', async () => {
    const writer = await start(async stream => stream.push({ n: 1 }));
    writer.push({ n: 2 });
    expect(reader.events).toEqual([]);
    await begin();
    writer.push({ n: 3 });
    expect(reader.events.map(({ payload, causeId }) => [payload, causeId])).toEqual(
      [1, 2, 3].map(n => [{ seq: n, n }, 'start-1']),
    );
  });

  it('have items of what is sent over them as a connection', async () => {
    const { connection } = await start();
    await begin();
    connection.send(createFrame(createEvent('campaign:state:v1:success', { version: 7 }, { at: clock() })));
    expect(reader.events).toMatchObject([
      { type: 'campaign:stream_events:v1:stream', payload: { seq: 1, version: 7 } },
    ]);
    expect(connection.actor).toBe(actor);
    connection.close({ type: 'LIMIT_EXCEEDED', message: 'Too slow.', isRetryable: true });
    expect(reader.events.at(-1)).toMatchObject({
      type: 'campaign:stream_events:v1:failed',
      payload: { campaignId, error: { type: 'LIMIT_EXCEEDED', message: 'Too slow.' }, isRetryable: true, items: 1 },
    });
    connection.send(createFrame(createEvent('campaign:state:v1:success', { version: 8 }, { at: clock() })));
    expect(reader.told()).toEqual(['stream 1', 'failed 1']);
  });

  it('say that they are alive to those who read', async () => {
    const writer = await start();
    await begin();
    await jest.advanceTimersByTimeAsync(1_000);
    reader.isReading = false;
    writer.push({});
    await jest.advanceTimersByTimeAsync(1_000);
    expect(reader.told()).toEqual(['heartbeat 0', 'stream 1']);
    reader.read();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(reader.events.at(-1)?.payload).toEqual({ campaignId, seq: 1, items: 1 });
  });

  it('let a reader be behind for a while, and end when it stays so', async () => {
    const writer = await start();
    await begin();
    reader.isReading = false;
    for (let n = 0; n < 3; n += 1) writer.push({});
    await jest.advanceTimersByTimeAsync(499);
    reader.read();
    await jest.advanceTimersByTimeAsync(400);
    expect([streams.total, slow]).toEqual([1, 0]);
    for (let n = 0; n < 3; n += 1) writer.push({});
    await jest.advanceTimersByTimeAsync(500);
    expect(reader.told().at(-1)).toBe('failed 6');
    expect([streams.total, streams.count(reader), slow, writer.signal.aborted]).toEqual([0, 0, 1, true]);
  });

  it.each([
    ['more items than memory is for', 17, 1],
    ['more bytes', 5, 20_000],
  ])('end at once with %s', async (_case, count, bytes) => {
    const writer = await start();
    await begin();
    reader.isReading = false;
    for (let n = 0; n < count; n += 1) writer.push({ text: 'x'.repeat(bytes) });
    const items = reader.told().length - 1;
    expect(reader.told().at(-1)).toBe(`failed ${items}`);
    expect(slow).toBe(1);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(reader.events).toHaveLength(items + 1);
  });

  it('are not there when what fills them cannot, and what it began is ended', async () => {
    let isEnded = false;
    const failing = start(async stream => {
      stream.onEnd(() => (isEnded = true));
      throw new Error('No.');
    });
    await expect(failing).rejects.toThrow('No.');
    await jest.advanceTimersByTimeAsync(10_000);
    expect([isEnded, reader.events.length, streams.count(reader), streams.total]).toEqual([true, 0, 0, 0]);
  });

  it('end in favour of the next of their kind, once they have begun', async () => {
    // Asked for at the same time, they are started one after the other.
    const starting = Promise.all(['first', 'second', 'third'].map(of => start(async stream => stream.push({ of }))));
    await jest.advanceTimersByTimeAsync(1);
    const [first, second, third] = await starting;
    await jest.advanceTimersByTimeAsync(1);
    expect(reader.told()).toEqual(['stream 1', 'success 1', 'stream 1', 'success 1', 'stream 1']);
    expect(reader.events.map(({ payload }) => payload['of'] ?? payload['reason'])).toEqual([
      'first',
      'replaced',
      'second',
      'replaced',
      'third',
    ]);
    expect([first?.signal.aborted, second?.signal.aborted]).toEqual([true, true]);
    expect([third?.signal.aborted, streams.count(reader), streams.total]).toEqual([false, 1, 1]);
    // Whoever stops it stops the one that is there.
    await expect(streams.stop(reader, { service: 'campaign', campaignId })).resolves.toEqual(['stream_events']);
    expect(third?.signal.aborted).toBe(true);
    expect([reader.told().at(-1), streams.count(reader), streams.total]).toEqual(['success 1', 0, 0]);
  });

  it('stay when one that is to take their place cannot', async () => {
    const writer = await start();
    await begin();
    await expect(start(() => Promise.reject(new Error('No.')))).rejects.toThrow('No.');
    writer.push({});
    expect(reader.told()).toEqual(['stream 1']);
    expect([streams.count(reader), streams.total]).toEqual([1, 1]);
  });

  it('are not started for a token that was exchanged meanwhile', async () => {
    const starting = start(async () => {
      reader.actor = { ...actor, supreme: false };
    });
    await expect(starting).rejects.toThrow('does not grant');
    expect([streams.count(reader), streams.total]).toEqual([0, 0]);
  });

  it('go with their connection, without a word', async () => {
    const writer = await start();
    await begin();
    reader.close();
    await jest.advanceTimersByTimeAsync(10_000);
    writer.push({});
    expect([writer.signal.aborted, reader.events.length, streams.total, streams.count(reader)]).toEqual([
      true,
      0,
      0,
      0,
    ]);
  });

  it('that are stopped before they began say so after they were started', async () => {
    await start(async stream => stream.push({}));
    const stopped = streams.stop(reader, { service: 'campaign', campaignId });
    expect(reader.events).toEqual([]);
    await begin();
    await expect(stopped).resolves.toEqual(['stream_events']);
    expect(reader.told()).toEqual(['stream 1', 'success 1']);
  });
});
