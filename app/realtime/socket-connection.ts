import { type Socket } from 'socket.io';
import { PacketType } from 'socket.io-parser';
import { type Clock } from '../context.ts';
import { type Actor } from '../policy.ts';
import { type CloseReason, type Connection } from './connection.ts';
import { createEvent, type Envelope } from './envelope.ts';
import { createFrame, type Frame } from './frame.ts';
import { type FrameWriter, type Writable } from './frame-writer.ts';
import { formatAnswer } from './request-decoder.ts';

/** The one name that events have on a Socket.IO connection, in both directions. */
export const EVENT = 'event';
/** Tells a client why it is about to be disconnected. */
const CLOSE_EVENT = 'connection:close:v1:completed';
/** How long a client may take to read that, and what was sent before it. */
const GOODBYE_MS = 1_000;

/** A connection over Socket.IO. */
export interface SocketConnection extends Connection {
  /** Writes the answer to a request, as the acknowledgement of this number. */
  answer(answerId: number, answer: Envelope): void;
  readonly isClosing: boolean;
  /** How many packets wait to be sent. */
  readonly waitingCount: number;
  /** How many bytes of frames wait to be sent. */
  readonly waitingBytes: number;
}

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
  sendFrame(frame: readonly Buffer[], onSent?: (error?: Error | null) => void): void;
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
      readonly _socket?: { cork(): void; uncork(): void };
    };
  };
  readonly writeBuffer: readonly unknown[];
  write(packet: string, options: object, onSent: () => void): void;
  close(isDiscarded?: boolean): void;
}

/** Makes the connection of a socket. What is sent over it is written by the writer, in its order. */
export function createSocketConnection(
  socket: Socket,
  {
    writer,
    clock,
    selectActor,
  }: { readonly writer: FrameWriter; readonly clock: Clock; readonly selectActor: () => Actor },
): SocketConnection {
  // What waits for the transport is no secret of Engine.IO, though its types say so.
  const conn = socket.conn as unknown as EngineSocket;
  /** What waits for the writer; undefined most of the time, for most connections. */
  let waiting: WaitingFrame[] | undefined;
  let waitingBytes = 0;
  /** How many frames were written past Engine.IO and have not left the process. */
  let leavingFrames = 0;
  /** Whether the writer knows that there is something for one who follows, or for one who waits for an answer. */
  let isAdded = false;
  let isAddedForAnswer = false;
  let isClosing = false;

  const enqueue = (encoded: EncodedFrame, onSent: (() => void) | undefined): void => {
    waitingBytes += encoded.sizeBytes;
    const frame = { encoded, onSent };
    if (waiting === undefined) waiting = [frame];
    else waiting.push(frame);
  };

  const settle = ({ encoded, onSent }: WaitingFrame): void => {
    waitingBytes -= encoded.sizeBytes;
    onSent?.();
  };

  const write = (): void => {
    const frames = waiting;
    if (frames === undefined) return;
    waiting = undefined;
    const sender = selectSender(conn);
    if (sender === undefined) {
      for (const frame of frames) conn.write(frame.encoded.packet, { compress: true }, () => settle(frame));
    } else writeAll(frames, sender);
  };

  /** Writes frames in one go: when the last one has left the process, the others have. */
  const writeAll = (frames: readonly WaitingFrame[], sender: FrameSender): void => {
    const tcp = frames.length > 1 ? conn.transport.socket?._socket : undefined;
    const last = frames.length - 1;
    leavingFrames += frames.length;
    tcp?.cork();
    for (let at = 0; at < last; at += 1) sender.sendFrame([(frames[at] as WaitingFrame).encoded.webSocketFrame]);
    sender.sendFrame([(frames[last] as WaitingFrame).encoded.webSocketFrame], error => {
      // The connection is broken: what waits has not been sent, and never will be.
      if (error) return;
      leavingFrames -= frames.length;
      for (const frame of frames) settle(frame);
    });
    tcp?.uncork();
  };

  const turnOfFollower: Writable = {
    write() {
      isAdded = false;
      write();
    },
  };
  const turnOfAnswer: Writable = {
    write() {
      isAddedForAnswer = false;
      write();
    },
  };

  const send = (frame: Frame, onSent?: () => void): void => {
    enqueue(selectEncoded(frame), onSent);
    if (isAdded) return;
    isAdded = true;
    writer.add(turnOfFollower, false);
  };

  /** Whatever the client still reads or not. */
  const terminate = (): void => {
    conn.close(true);
    conn.transport.socket?.terminate?.();
  };

  const isDrained = (): boolean =>
    waiting === undefined && leavingFrames === 0 && conn.transport.writable && conn.writeBuffer.length === 0;

  return {
    id: socket.id,
    get actor() {
      return selectActor();
    },
    send,
    answer(answerId, answer) {
      enqueue(encodePacket(formatAnswer(answerId, JSON.stringify(answer))), undefined);
      if (isAddedForAnswer) return;
      isAddedForAnswer = true;
      writer.add(turnOfAnswer, true);
    },
    get isDrained() {
      return isDrained();
    },
    get isClosing() {
      return isClosing;
    },
    get waitingCount() {
      return (waiting?.length ?? 0) + leavingFrames + conn.writeBuffer.length;
    },
    get waitingBytes() {
      return isDrained() ? 0 : waitingBytes;
    },
    onClose(listener) {
      if (socket.disconnected) {
        listener();
        return () => undefined;
      }
      socket.once('disconnect', listener);
      return () => void socket.off('disconnect', listener);
    },
    close(reason) {
      if (isClosing) return;
      isClosing = true;
      send(createFrame(createEvent(CLOSE_EVENT, formatReason(reason), { at: clock() })));
      write();
      // Socket.IO's client comes back by itself when the transport closes, and does not when it is disconnected.
      if (reason.isRetryable) conn.close();
      else socket.disconnect(true);
      setTimeout(() => {
        if (conn.readyState !== 'closed') terminate();
      }, GOODBYE_MS).unref();
    },
  };
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
