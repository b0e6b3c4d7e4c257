import { randomBytes } from 'node:crypto';
import { type Envelope } from './envelope.ts';

/** An event that was told a short while ago. */
export interface RingEntry {
  readonly event: Envelope;
  /** The event as JSON text. */
  readonly text: string;
}

/** The last events, by their place: a number that grows by one with each. */
export interface EventRing {
  /** The place of the oldest event that is still here. */
  readonly first: number;
  /** The place that the next event gets. */
  readonly next: number;
  /** The event at a place that is here. */
  at(place: number): RingEntry | undefined;
  add(event: Envelope): void;
  /** The name of a place, as clients know it: no other ring, of whatever process, has it. */
  formatId(place: number): string;
  /** The place that a name means; undefined for the name of another ring's, or of none. */
  parseId(id: string): number | undefined;
}

/** Makes an empty ring that holds at most so many events, of so many characters. */
export function createEventRing({
  maxCount,
  maxLength,
}: {
  readonly maxCount: number;
  readonly maxLength: number;
}): EventRing {
  const name = randomBytes(6).toString('hex');
  const entries = new Map<number, RingEntry>();
  let first = 1;
  let next = 1;
  let length = 0;

  return {
    get first() {
      return first;
    },
    get next() {
      return next;
    },
    at: place => entries.get(place),
    add(event) {
      const text = JSON.stringify(event);
      entries.set(next, { event, text });
      next += 1;
      length += text.length;
      for (; entries.size > maxCount || length > maxLength; first += 1) {
        length -= entries.get(first)?.text.length ?? 0;
        entries.delete(first);
      }
    },
    formatId: place => `${name}-${place}`,
    parseId(id) {
      const [, ring, place] = /^([0-9a-f]+)-(\d{1,15})$/.exec(id) ?? [];
      return ring === name ? Number(place) : undefined;
    },
  };
}
