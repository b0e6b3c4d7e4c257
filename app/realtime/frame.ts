import { type Envelope } from './envelope.ts';

/** An event as text, made once for all who get it. */
export interface Frame {
  readonly text: string;
  readonly sizeBytes: number;
  /** The event's payload alone, as JSON text. */
  readonly payload: string;
  /** The same in the form of one kind of connection, made when the first of that kind needs it. */
  readonly encoded: Map<string, unknown>;
}

const PAYLOAD = ',"payload":';

/** Makes a frame of an event. `payload`, as JSON text, takes the place of the event's own. */
export function createFrame(event: Envelope, payload = JSON.stringify(event.payload)): Frame {
  const { payload: _taken, ...rest } = event;
  const head = JSON.stringify(rest).slice(0, -1);
  const text = `${head}${PAYLOAD}${payload}}`;
  return {
    text,
    sizeBytes: Buffer.byteLength(text),
    // Cut out of the text when it is asked for, so that it takes no memory of its own.
    get payload() {
      return text.slice(head.length + PAYLOAD.length, -1);
    },
    encoded: new Map<string, unknown>(),
  };
}
