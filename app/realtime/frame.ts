import { type Envelope } from './envelope.ts';

/** An event as text, made once for all who get it. */
export interface Frame {
  readonly text: string;
  readonly sizeBytes: number;
  /** The same in the form of one kind of connection, made when the first of that kind needs it. */
  readonly encoded: Map<string, unknown>;
}

/** Makes a frame of an event. `payload`, as JSON text, takes the place of the event's own. */
export function createFrame(event: Envelope, payload?: string): Frame {
  const text = payload === undefined ? JSON.stringify(event) : spliceText(event, payload);
  return { text, sizeBytes: Buffer.byteLength(text), encoded: new Map<string, unknown>() };
}

function spliceText({ payload: _empty, ...rest }: Envelope, payload: string): string {
  return `${JSON.stringify(rest).slice(0, -1)},"payload":${payload}}`;
}
