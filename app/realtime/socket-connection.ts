import { type Socket } from 'socket.io';
import { type Clock } from '../context.ts';
import { type Actor } from '../policy.ts';
import { type CloseReason, type Connection } from './connection.ts';
import { createEvent } from './envelope.ts';
import { createFrame, type Frame } from './frame.ts';

/** The one name that events have on a Socket.IO connection, in both directions. */
export const EVENT = 'event';
/** Tells a client why it is about to be disconnected. */
const CLOSE_EVENT = 'connection:close:v1:completed';
/** How long a client may take to read that, and what was sent before it. */
const GOODBYE_MS = 1_000;

/** A connection over Socket.IO. */
export interface SocketConnection extends Connection {
  readonly isClosing: boolean;
  /** How many packets wait to be sent. */
  readonly waitingCount: number;
  /** How many bytes of frames wait to be sent. */
  readonly waitingBytes: number;
}

/** What Engine.IO takes to write a message, by all kinds of transports and, ready made, by WebSocket. */
interface EncodedFrame {
  readonly packet: string;
  readonly options: { readonly compress: boolean; readonly wsPreEncodedFrame: readonly Buffer[] };
}

/** The part of `ws` that Engine.IO too hands frames to that are ready made. */
interface FrameSender {
  sendFrame(frame: readonly Buffer[], onSent: (error?: Error | null) => void): void;
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

/** Makes the connection of a socket. */
export function createSocketConnection(
  socket: Socket,
  { clock, selectActor }: { readonly clock: Clock; readonly selectActor: () => Actor },
): SocketConnection {
  // What waits for the transport is no secret of Engine.IO, though its types say so.
  const conn = socket.conn as unknown as EngineSocket;
  let waitingBytes = 0;
  /** How many frames went past Engine.IO and have not left the process. */
  let waitingFrames = 0;
  let isClosing = false;

  const send = (frame: Frame, onSent?: () => void): void => {
    const { packet, options } = selectEncoded(frame);
    waitingBytes += frame.sizeBytes;
    const sender = selectSender(conn);
    if (sender === undefined) {
      conn.write(packet, options, () => {
        waitingBytes -= frame.sizeBytes;
        onSent?.();
      });
      return;
    }
    waitingFrames += 1;
    sender.sendFrame(options.wsPreEncodedFrame, error => {
      // The connection is broken: what waits has not been sent, and never will be.
      if (error) return;
      waitingFrames -= 1;
      waitingBytes -= frame.sizeBytes;
      onSent?.();
    });
  };

  /** Whatever the client still reads or not. */
  const terminate = (): void => {
    conn.close(true);
    conn.transport.socket?.terminate?.();
  };

  const isDrained = (): boolean => waitingFrames === 0 && conn.transport.writable && conn.writeBuffer.length === 0;

  return {
    id: socket.id,
    get actor() {
      return selectActor();
    },
    send,
    get isDrained() {
      return isDrained();
    },
    get isClosing() {
      return isClosing;
    },
    get waitingCount() {
      return waitingFrames + conn.writeBuffer.length;
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

/** Has packets that Engine.IO sends to a socket in one go leave in one write, as the answers of one commit do. */
export function gatherPackets(conn: unknown, packets: readonly unknown[]): void {
  const tcp = (conn as EngineSocket).transport.socket?._socket;
  if (packets.length < 2 || tcp === undefined) return;
  tcp.cork();
  process.nextTick(() => tcp.uncork());
}

function selectEncoded(frame: Frame): EncodedFrame {
  const known = frame.encoded.get(EVENT) as EncodedFrame | undefined;
  if (known !== undefined) return known;
  // The message of Socket.IO's protocol: an event (2) of the main namespace; Engine.IO's puts a 4 before it.
  const packet = `2["${EVENT}",${frame.text}]`;
  const encoded = { packet, options: { compress: true, wsPreEncodedFrame: [encodeWebSocketText(`4${packet}`)] } };
  frame.encoded.set(EVENT, encoded);
  return encoded;
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
