import { type Socket } from 'socket.io';
import { PacketType } from 'socket.io-parser';
import { type Clock } from '../context.ts';
import { type Actor } from '../policy.ts';
import { type CloseReason, type Connection } from './connection.ts';
import { createEvent, type Envelope } from './envelope.ts';
import { createFrame, type Frame } from './frame.ts';
import { type FrameWriter } from './frame-writer.ts';
import { formatAnswer } from './request-decoder.ts';

/** The one name that events have on a Socket.IO connection, in both directions. */
export const EVENT = 'event';
/** Tells a client why it is about to be disconnected. */
const CLOSE_EVENT = 'connection:close:v1:completed';
/** So many bytes are copied sooner than they are handed to the system in parts. */
const MAX_COPIED_BYTES = 16 * 1024;
/** How long a client may take to read that, and what was sent before it. */
const GOODBYE_MS = 1_000;

/** A message as Engine.IO takes it for all kinds of transports, and as it goes over a WebSocket. */
interface EncodedFrame {
  readonly packet: string;
  readonly webSocketFrame: Buffer;
  readonly sizeBytes: number;
}

/** A frame that waits for the connection to be written to. */
interface WaitingFrame {
  readonly encoded: EncodedFrame;
  readonly onSent: (() => void) | undefined;
}

/** The part of `ws` that Engine.IO too hands frames to that are ready made. */
interface FrameSender {
  sendFrame(frame: readonly Buffer[], onSent: ((error?: Error | null) => void) | undefined): void;
}

/** The part of a TCP socket that has writes go out together. */
interface Corkable {
  cork(): void;
  uncork(): void;
}

/** The part of Engine.IO's socket that is used here. */
interface EngineSocket {
  readonly readyState: string;
  readonly transport: {
    readonly name: string;
    readonly writable: boolean;
    readonly perMessageDeflate?: unknown;
    readonly socket?: {
      readonly terminate?: () => void;
      readonly _sender?: Partial<FrameSender>;
      readonly _socket?: Corkable;
    };
  };
  readonly writeBuffer: readonly unknown[];
  write(packet: string, options: object, onSent: () => void): void;
  close(isDiscarded?: boolean): void;
}

export interface SocketConnectionOptions {
  readonly writer: FrameWriter;
  readonly clock: Clock;
  /** Who is connected, by the token that the connection has now. */
  readonly selectActor: () => Actor;
}

/**
 * A connection over Socket.IO. What is sent over it is written by the writer, in its order.
 *
 * A class, since there are many: methods take no memory of each.
 */
export class SocketConnection implements Connection {
  readonly id: string;
  readonly #socket: Socket;
  readonly #options: SocketConnectionOptions;
  /** What waits for the writer; undefined most of the time, for most connections. */
  #waiting: WaitingFrame[] | undefined;
  #waitingBytes = 0;
  /** How many frames were written past Engine.IO and have not left the process. */
  #leavingFrames = 0;
  /** Whether the writer knows that something waits: what follows, or an answer. */
  #isAdded = false;
  #isAnswerAdded = false;
  #isClosing = false;

  constructor(socket: Socket, options: SocketConnectionOptions) {
    this.id = socket.id;
    this.#socket = socket;
    this.#options = options;
  }

  get actor(): Actor {
    return this.#options.selectActor();
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get isDrained(): boolean {
    const { transport, writeBuffer } = this.#conn;
    return this.#waiting === undefined && this.#leavingFrames === 0 && transport.writable && writeBuffer.length === 0;
  }

  /** How many frames wait to be sent. */
  get waitingCount(): number {
    return (this.#waiting?.length ?? 0) + this.#leavingFrames + this.#conn.writeBuffer.length;
  }

  /** How many bytes of frames wait to be sent. */
  get waitingBytes(): number {
    return this.isDrained ? 0 : this.#waitingBytes;
  }

  send(frame: Frame, onSent?: () => void): void {
    this.#enqueue(selectEncoded(frame), onSent);
    if (this.#isAdded) return;
    this.#isAdded = true;
    this.#options.writer.add(this, false);
  }

  /** Has the answer to a request written, as the acknowledgement of this number, after all that was sent before it. */
  answer(answerId: number, answer: Envelope): void {
    this.#enqueue(encodePacket(formatAnswer(answerId, JSON.stringify(answer))), undefined);
    if (this.#isAnswerAdded) return;
    this.#isAnswerAdded = true;
    this.#options.writer.add(this, true);
  }

  /** Writes all that waits, in one go: when its turn comes. */
  write(isAnswer: boolean): void {
    if (isAnswer) this.#isAnswerAdded = false;
    else this.#isAdded = false;
    this.#writeWaiting();
  }

  /** Writes at once what waits. Says whether it could: a connection that cannot be written to has ended. */
  flush(): boolean {
    try {
      this.#writeWaiting();
      return true;
    } catch {
      return false;
    }
  }

  onClose(listener: () => void): () => void {
    const socket = this.#socket;
    if (socket.disconnected) {
      listener();
      return () => undefined;
    }
    socket.once('disconnect', listener);
    return () => void socket.off('disconnect', listener);
  }

  close(reason: CloseReason): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.send(createFrame(createEvent(CLOSE_EVENT, formatReason(reason), { at: this.#options.clock() })));
    setTimeout(() => {
      if (this.#conn.readyState !== 'closed') this.#terminate();
    }, GOODBYE_MS).unref();
    if (!this.flush()) return;
    // Socket.IO's client comes back by itself when the transport closes, and does not when it is disconnected.
    if (reason.isRetryable) this.#conn.close();
    else this.#socket.disconnect(true);
  }

  // What waits for the transport is no secret of Engine.IO, though its types say so.
  get #conn(): EngineSocket {
    return this.#socket.conn as unknown as EngineSocket;
  }

  #enqueue(encoded: EncodedFrame, onSent: (() => void) | undefined): void {
    this.#waitingBytes += encoded.sizeBytes;
    const frame = { encoded, onSent };
    if (this.#waiting === undefined) this.#waiting = [frame];
    else this.#waiting.push(frame);
  }

  #writeWaiting(): void {
    const frames = this.#waiting;
    if (frames === undefined) return;
    this.#waiting = undefined;
    const conn = this.#conn;
    const sender = selectSender(conn);
    try {
      if (sender !== undefined) this.#writeTogether(frames, sender, conn.transport.socket?._socket);
      else for (const frame of frames) conn.write(frame.encoded.packet, { compress: true }, () => this.#settle(frame));
    } catch (error) {
      // It would miss something.
      this.#terminate();
      throw error;
    }
  }

  /** Writes frames in one go: when the last byte has left the process, all have. */
  #writeTogether(frames: readonly WaitingFrame[], sender: FrameSender, tcp: Corkable | undefined): void {
    this.#leavingFrames += frames.length;
    const onLeft = (error?: Error | null): void => this.#onLeft(frames, error);
    const [first, second] = frames;
    if (first !== undefined && second === undefined) {
      sender.sendFrame([first.encoded.webSocketFrame], onLeft);
    } else if (this.#waitingBytes <= MAX_COPIED_BYTES) {
      sender.sendFrame([Buffer.concat(frames.map(({ encoded }) => encoded.webSocketFrame))], onLeft);
    } else {
      const last = frames.at(-1);
      tcp?.cork();
      for (const frame of frames) sender.sendFrame([frame.encoded.webSocketFrame], frame === last ? onLeft : undefined);
      tcp?.uncork();
    }
  }

  #onLeft(frames: readonly WaitingFrame[], error: Error | null | undefined): void {
    // The connection is broken: what waits has not been sent, and never will be.
    if (error) return;
    this.#leavingFrames -= frames.length;
    for (const frame of frames) this.#settle(frame);
  }

  #settle({ encoded, onSent }: WaitingFrame): void {
    this.#waitingBytes -= encoded.sizeBytes;
    onSent?.();
  }

  /** Whatever the client still reads or not. */
  #terminate(): void {
    this.#conn.close(true);
    this.#conn.transport.socket?.terminate?.();
  }
}

/** What a client is told of why it is disconnected, or not let in. */
export function formatReason({ type, message, isRetryable, retryAfterMs }: CloseReason) {
  return { error: { type, message }, isRetryable, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/**
 * Gives what writes frames that are ready made at once. Engine.IO's own way costs as much again as the write itself; what
 * it still has to send comes first, so there is none of this meanwhile.
 */
function selectSender({ readyState, transport, writeBuffer }: EngineSocket): FrameSender | undefined {
  if (readyState !== 'open' || writeBuffer.length > 0) return undefined;
  if (transport.name !== 'websocket' || transport.perMessageDeflate) return undefined;
  const sender = transport.socket?._sender;
  return typeof sender?.sendFrame === 'function' ? (sender as FrameSender) : undefined;
}

function selectEncoded(frame: Frame): EncodedFrame {
  const known = frame.encoded.get(EVENT) as EncodedFrame | undefined;
  if (known !== undefined) return known;
  // An event of Socket.IO's protocol, of the main namespace.
  const encoded = encodePacket(`${PacketType.EVENT}["${EVENT}",${frame.text}]`);
  frame.encoded.set(EVENT, encoded);
  return encoded;
}

function encodePacket(packet: string): EncodedFrame {
  // A message of Engine.IO's protocol begins with a 4.
  const webSocketFrame = encodeWebSocketText(`4${packet}`);
  return { packet, webSocketFrame, sizeBytes: webSocketFrame.length };
}

/** A text as a server sends it by WebSocket: one frame, not masked (RFC 6455, 5.2). */
function encodeWebSocketText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = 0x81;
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength);
  return frame;
}
