import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** A message as it lies in what was read: it is to be used at once, for the bytes are written over. */
export interface MessageView {
  readonly data: Buffer;
  readonly start: number;
  /** Where it ends; behind the end of `data` when the rest has not been read yet. */
  readonly end: number;
}

/** A client's WebSocket, as cheap as it can be: what many clients are sent alike is looked at once. */
export interface BenchWebSocket {
  /** Sends a text. */
  send(text: string): void;
  /** Whether what was sent waits for the server to read it. */
  readonly isHeldUp: boolean;
  /** Reads nothing until `resume`: what is sent meanwhile waits in the kernel, and then in the server. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface WebSocketOptions<K> {
  readonly port: number;
  readonly path: string;
  /** Knows a message by its beginning, which alone may have come yet. One that is known is never put together. */
  readonly recognize: (view: MessageView) => K | undefined;
  /** A message that was recognized has come as a whole. */
  readonly onKnown: (known: K) => void;
  readonly onMessage: (view: MessageView) => void;
  readonly onOpen: () => void;
  /** Called once, with what went wrong when the close was not asked for; also when it never became a WebSocket. */
  readonly onClose: (fault: string | undefined) => void;
}

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const CONTINUED = 0;
const READ_BYTES = 256 * 1024;
/** So much of a message is enough to know it by. */
const PEEK_BYTES = 256;

/** What sockets read into, one after another: nothing of it is kept. */
const shared = Buffer.allocUnsafe(READ_BYTES);

/** Connects to a server of this machine. */
export function connectWebSocket<K>(options: WebSocketOptions<K>): BenchWebSocket {
  const { port, path, recognize, onKnown, onMessage, onOpen, onClose } = options;
  let isOpen = false;
  let isOver = false;
  let rest: Buffer | undefined;
  /** The message that is known and has not come as a whole. */
  let held: { readonly known: K; missing: number } | undefined;

  const end = (fault: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    onClose(fault);
  };

  const open = (data: Buffer): Buffer | undefined => {
    const until = data.indexOf('\r\n\r\n');
    if (until < 0) return undefined;
    const [status = ''] = data.toString('latin1', 0, until).split('\r\n', 1);
    if (!status.startsWith('HTTP/1.1 101')) {
      end(`The server answered ${status}.`);
      return undefined;
    }
    isOpen = true;
    onOpen();
    return data.subarray(until + 4);
  };

  const takeMessage = (opcode: number, view: MessageView): void => {
    if (opcode === TEXT) onMessage(view);
    else if (opcode === PING) socket.write(frameOf(10, view.data.subarray(view.start, view.end)));
    else if (opcode === CLOSE) end('The server closed the connection.');
    else if (opcode === CONTINUED) end('The server sends messages in parts.');
  };

  const takeFrames = (data: Buffer): void => {
    let at = 0;
    while (!isOver && data.length - at >= 2) {
      const short = (data[at + 1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (data.length - at < head) break;
      const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : data.readUIntBE(at + 4, 6);
      const opcode = (data[at] ?? 0) & 0x0f;
      const start = at + head;
      const view = { data, start, end: start + length };
      const isWhole = view.end <= data.length;
      if (!isWhole && data.length - start < PEEK_BYTES) break;
      const known = opcode === TEXT ? recognize(view) : undefined;
      if (known !== undefined && isWhole) onKnown(known);
      else if (known !== undefined) {
        held = { known, missing: view.end - data.length };
        return;
      } else if (isWhole) takeMessage(opcode, view);
      else break;
      at = view.end;
    }
    if (at < data.length) rest = Buffer.from(data.subarray(at));
  };

  const take = (chunk: Buffer): void => {
    let data = chunk;
    if (held !== undefined) {
      if (held.missing > data.length) {
        held.missing -= data.length;
        return;
      }
      const { known, missing } = held;
      held = undefined;
      onKnown(known);
      data = data.subarray(missing);
    } else if (rest !== undefined) {
      data = Buffer.concat([rest, data]);
      rest = undefined;
    }
    if (!isOpen) {
      const opened = open(data);
      if (opened === undefined) {
        rest = data === chunk ? Buffer.from(data) : data;
        return;
      }
      data = opened;
    }
    takeFrames(data);
  };

  const socket: Socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: shared,
      callback: (count, buffer) => {
        take(Buffer.from(buffer.buffer, buffer.byteOffset, count));
        return true;
      },
    },
  });
  socket.on('error', error => end(error.message));
  socket.on('close', () => end('The server ended the connection.'));
  const key = randomBytes(16).toString('base64');
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
      '\r\n',
    ].join('\r\n'),
  );

  return {
    send: text => void socket.write(frameOf(TEXT, Buffer.from(text))),
    get isHeldUp() {
      return socket.writableNeedDrain;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => end(undefined),
  };
}

/** A frame as a client sends it. It has to be masked; with zeros, that changes nothing of it. */
function frameOf(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.alloc(head + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (head === 2 ? length : head === 4 ? 126 : 127);
  if (head === 4) frame.writeUInt16BE(length, 2);
  if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  payload.copy(frame, head + 4);
  return frame;
}
