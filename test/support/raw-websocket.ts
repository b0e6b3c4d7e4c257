import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { until } from './until.ts';

/** A WebSocket connection to the channel whose every byte the test decides. */
export interface RawWebSocket {
  /** The texts that came, as Engine.IO packets. */
  readonly received: readonly string[];
  readonly isClosed: boolean;
  readonly closed: Promise<void>;
  /** Writes bytes as they are. */
  write(bytes: Buffer): void;
  /** Sends a frame, masked as a client's must be, of a text (1) unless another operation is named. */
  send(content: string | Buffer, opcode?: number): void;
  /** Waits for a packet that begins like this. */
  whenReceived(beginning: string): Promise<string>;
  close(): void;
}

/** Opens a connection at `/socket.io/`. Nothing is sent over it but the upgrade. */
export async function openRawWebSocket(url: string, query = 'EIO=4&transport=websocket'): Promise<RawWebSocket> {
  const { port, host } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  const received: string[] = [];
  let waiting = Buffer.alloc(0);
  let isUpgraded = false;
  let isClosed = false;
  const closed = once(socket, 'close').then(() => void (isClosed = true));
  socket.on('error', () => undefined);
  socket.on('data', chunk => {
    waiting = Buffer.concat([waiting, chunk]);
    if (!isUpgraded) {
      const end = waiting.indexOf('\r\n\r\n');
      if (end < 0) return;
      isUpgraded = true;
      waiting = waiting.subarray(end + 4);
    }
    for (let frame = readFrame(waiting); frame !== null; frame = readFrame(waiting)) {
      if (frame.opcode === 1) received.push(frame.content.toString());
      // The server says goodbye.
      if (frame.opcode === 8) socket.destroy();
      waiting = waiting.subarray(frame.length);
    }
  });
  await once(socket, 'connect');
  const key = randomBytes(16).toString('base64');
  const headers = `host: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}`;
  socket.write(`GET /socket.io/?${query} HTTP/1.1\r\n${headers}\r\n\r\n`);
  await until(
    () => isUpgraded || isClosed,
    isAnswered => isAnswered,
  );
  return {
    received,
    get isClosed() {
      return isClosed;
    },
    closed,
    write: bytes => void socket.write(bytes),
    send: (content, opcode = 1) => void socket.write(createFrame(Buffer.from(content), opcode)),
    async whenReceived(beginning) {
      const found = await until(
        () => received.find(text => text.startsWith(beginning)) ?? (isClosed ? '' : undefined),
        text => text !== undefined,
      );
      if (found === '' || found === undefined)
        throw new Error(`Closed before ${beginning} came: ${received.join(' ')}`);
      return found;
    },
    close: () => void socket.destroy(),
  };
}

/** A frame of a client: one piece, masked (RFC 6455, 5.2). */
function createFrame(content: Buffer, opcode: number): Buffer {
  const { length } = content;
  const header =
    length < 126
      ? [length]
      : length < 65_536
        ? [126, length >> 8, length & 255]
        : [127, 0, 0, 0, 0, ...toBytes(length)];
  const mask = randomBytes(4);
  const masked = content.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  header[0] = (header[0] ?? 0) | 0x80;
  return Buffer.concat([Buffer.from([0x80 | opcode, ...header]), mask, masked]);
}

function toBytes(length: number): number[] {
  return [length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
}

/** The first frame of what a server sent; null when it is not all there. */
function readFrame(bytes: Buffer): { opcode: number; content: Buffer; length: number } | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] ?? 0) & 127;
  const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < begin) return null;
  const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < begin + size) return null;
  return { opcode: (bytes[0] ?? 0) & 15, content: bytes.subarray(begin, begin + size), length: begin + size };
}
