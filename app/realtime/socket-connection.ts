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

/** The part of Engine.IO's socket that is used here. */
interface EngineSocket {
  readonly readyState: string;
  readonly transport: { readonly writable: boolean; readonly socket?: { readonly terminate?: () => void } };
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
  let isClosing = false;

  const send = (frame: Frame, onSent?: () => void): void => {
    const { packet, options } = selectEncoded(frame);
    waitingBytes += frame.sizeBytes;
    conn.write(packet, options, () => {
      waitingBytes -= frame.sizeBytes;
      onSent?.();
    });
  };

  /** Whatever the client still reads or not. */
  const terminate = (): void => {
    conn.close(true);
    conn.transport.socket?.terminate?.();
  };

  const isDrained = (): boolean => conn.transport.writable && conn.writeBuffer.length === 0;

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
      return conn.writeBuffer.length;
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
