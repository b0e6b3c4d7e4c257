import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { type Socket } from 'socket.io';
import { systemActor } from '../system-actor.ts';
import { createEvent, type Envelope } from './envelope.ts';
import { createFrame, type Frame } from './frame.ts';
import { type FrameWriter, type Writable } from './frame-writer.ts';
import { SocketConnection } from './socket-connection.ts';

type OnSent = (error?: Error | null) => void;

/** What Socket.IO, Engine.IO and `ws` have of a connection, with all that is written to it. */
class FakeSocket extends EventEmitter {
  readonly id = 'connection';
  disconnected = false;
  /** What went over the WebSocket, in one write each: the texts of its frames. */
  readonly writes: string[][] = [];
  /** What went through Engine.IO. */
  readonly packets: string[] = [];
  onSent: OnSent[] = [];
  isTerminated = false;
  isCorked = false;
  readonly conn = {
    readyState: 'open',
    writeBuffer: [] as unknown[],
    transport: {
      name: 'websocket',
      writable: true,
      perMessageDeflate: undefined as unknown,
      socket: {
        terminate: () => void (this.isTerminated = true),
        _sender: {
          sendFrame: ([bytes = Buffer.alloc(0)]: readonly Buffer[], onSent?: OnSent) => {
            if (!this.isCorked) this.writes.push([]);
            this.writes.at(-1)?.push(...readTexts(bytes));
            if (onSent) this.onSent.push(onSent);
          },
        },
        _socket: {
          cork: () => {
            this.isCorked = true;
            this.writes.push([]);
          },
          uncork: () => void (this.isCorked = false),
        },
      },
    },
    write: (packet: string, _options: object, onSent: OnSent) => {
      this.packets.push(packet);
      this.onSent.push(onSent);
    },
    close: () => void (this.conn.readyState = 'closed'),
  };

  /** Says of all that was written that it has left. */
  leave(error?: Error): void {
    for (const onSent of this.onSent.splice(0)) onSent(error);
  }
}

/** The texts of WebSocket frames as servers send them. */
function readTexts(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const short = (bytes[at + 1] ?? 0) & 0x7f;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    texts.push(bytes.subarray(start, start + length).toString());
    at = start + length;
  }
  return texts;
}

describe('a connection', () => {
  let socket: FakeSocket;
  let connection: SocketConnection;
  let added: [Writable, boolean][];
  const event = (name: string): Envelope => createEvent(`test:${name}:v1:success`, {}, { at: new Date(0) });
  const frame = (name: string): Frame => createFrame(event(name));
  const names = (texts: readonly string[] = []): string[] =>
    texts.map(text => /test:(\w+):/.exec(text)?.[1] ?? /connection:close/.exec(text)?.[0] ?? text);
  /** Gives everybody who was added their turn. */
  const writeAll = (): void => {
    for (const [writable, isAnswer] of added.splice(0)) writable.write(isAnswer);
  };

  const open = (over: FakeSocket): SocketConnection => {
    const writer: Pick<FrameWriter, 'add'> = { add: (writable, isAnswer) => void added.push([writable, isAnswer]) };
    return new SocketConnection(over as unknown as Socket, {
      writer: writer as FrameWriter,
      clock: () => new Date(0),
      selectActor: () => systemActor,
    });
  };

  beforeEach(() => {
    socket = new FakeSocket();
    added = [];
    connection = open(socket);
  });

  it('writes what has come together in one go, in its order, answers among it', () => {
    connection.send(frame('a'));
    connection.answer(7, event('answer'));
    connection.send(frame('b'));
    expect(socket.writes).toEqual([]);
    writeAll();
    expect(socket.writes.map(names)).toEqual([['a', 'answer', 'b']]);
    expect(socket.writes[0]?.map(text => text.slice(0, 4))).toEqual(['42["', '437[', '42["']);
  });

  it('copies nothing large to write it in one go', () => {
    const large = createFrame(event('large'), JSON.stringify({ text: 'x'.repeat(20_000) }));
    const sent: string[] = [];
    for (const name of ['a', 'b']) connection.send(large, () => sent.push(name));
    connection.send(frame('c'), () => sent.push('c'));
    writeAll();
    expect(socket.writes.map(names)).toEqual([['large', 'large', 'c']]);
    expect(socket.onSent).toHaveLength(1);
    socket.leave();
    expect([sent, connection.waitingBytes]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('asks the writer once for what follows and once for answers, and again after its turn', () => {
    for (const name of ['a', 'b']) connection.send(frame(name));
    for (const id of [1, 2]) connection.answer(id, event('answer'));
    expect(added.map(([, isAnswer]) => isAnswer)).toEqual([false, true]);
    writeAll();
    connection.send(frame('c'));
    connection.answer(3, event('answer'));
    expect(added).toHaveLength(2);
    writeAll();
    expect(socket.writes.map(names)).toEqual([
      ['a', 'b', 'answer', 'answer'],
      ['c', 'answer'],
    ]);
  });

  it('counts what waits until it has left, and tells of each frame then', () => {
    const sent: string[] = [];
    for (const name of ['a', 'b']) connection.send(frame(name), () => sent.push(name));
    expect([connection.waitingCount, connection.isDrained]).toEqual([2, false]);
    expect(connection.waitingBytes).toBeGreaterThan(100);
    writeAll();
    expect([connection.waitingCount, sent]).toEqual([2, []]);
    socket.leave();
    expect([connection.waitingCount, connection.waitingBytes, sent]).toEqual([0, 0, ['a', 'b']]);
    expect(connection.isDrained).toBe(true);
  });

  it('tells of nothing that it has left when the connection broke', () => {
    const sent: string[] = [];
    connection.send(frame('a'), () => sent.push('a'));
    writeAll();
    socket.leave(new Error('EPIPE'));
    expect([connection.waitingCount, sent]).toEqual([1, []]);
  });

  it.each([
    ['other transports', (conn: FakeSocket['conn']) => (conn.transport.name = 'polling')],
    ['compressed connections', (conn: FakeSocket['conn']) => (conn.transport.perMessageDeflate = {})],
    ['what Engine.IO has still to send', (conn: FakeSocket['conn']) => conn.writeBuffer.push('packet')],
  ])('goes through Engine.IO for %s', (_case, change) => {
    change(socket.conn);
    const sent: string[] = [];
    connection.send(frame('a'), () => sent.push('a'));
    connection.answer(7, event('answer'));
    writeAll();
    expect(socket.writes).toEqual([]);
    expect(names(socket.packets)).toEqual(['a', 'answer']);
    expect(socket.packets[1]).toMatch(/^37\[/);
    socket.leave();
    expect(sent).toEqual(['a']);
  });

  it('says goodbye at once, after what was sent before, and once', () => {
    connection.send(frame('a'));
    const reason = { type: 'LIMIT_EXCEEDED', message: 'Too much.', isRetryable: true } as const;
    connection.close(reason);
    connection.close(reason);
    expect(socket.writes.map(names)).toEqual([['a', 'connection:close']]);
    expect([socket.conn.readyState, connection.isClosing]).toEqual(['closed', true]);
    writeAll();
    expect(socket.writes).toHaveLength(1);
  });

  it('ends when it cannot be written to', () => {
    socket.conn.transport.socket._sender.sendFrame = () => {
      throw new Error('broken');
    };
    connection.send(frame('a'));
    expect(writeAll).toThrow('broken');
    expect([socket.isTerminated, socket.conn.readyState]).toEqual([true, 'closed']);
    socket.conn.readyState = 'open';
    connection.send(frame('b'));
    expect(connection.flush()).toBe(false);
    socket.conn.readyState = 'open';
    expect(() =>
      connection.close({ type: 'SERVICE_UNAVAILABLE', message: 'The service is stopping.', isRetryable: true }),
    ).not.toThrow();
  });

  it('makes a frame once, however many connections it is for', () => {
    const one = frame('a');
    const written: unknown[] = [];
    for (const own of [connection, open(new FakeSocket())]) {
      own.send(one);
      written.push(one.encoded.get('event'));
    }
    expect(written[0]).toBeDefined();
    expect(written[1]).toBe(written[0]);
  });
});
