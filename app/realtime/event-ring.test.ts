import { describe, expect, it } from '@jest/globals';
import { createEvent } from './envelope.ts';
import { createEventRing, type EventRing } from './event-ring.ts';

const createNumbered = (n: number) => createEvent('thing:done:v1:success', { n }, { at: new Date(0) });
/** The event ids of all are of one length, and so are the texts of those with a number of one digit. */
const { length } = JSON.stringify(createNumbered(1));

describe('the ring of events', () => {
  const fill = (limits: { maxCount: number; maxLength: number }, count: number) => {
    const ring = createEventRing(limits);
    for (let n = 1; n <= count; n += 1) ring.add(createNumbered(n));
    return ring;
  };
  const list = (ring: EventRing) =>
    Array.from({ length: ring.next - ring.first }, (_none, index) => ring.at(ring.first + index)?.event.payload['n']);

  it('holds the last ones, as many as it may, and begins with none', () => {
    const empty = createEventRing({ maxCount: 3, maxLength: 1_000_000 });
    expect([empty.first, empty.next, empty.at(1)]).toEqual([1, 1, undefined]);
    const ring = fill({ maxCount: 3, maxLength: 1_000_000 }, 5);
    expect([ring.first, ring.next, list(ring)]).toEqual([3, 6, [3, 4, 5]]);
    expect([ring.at(2), ring.at(6)]).toEqual([undefined, undefined]);
    expect(ring.at(5)?.text).toBe(JSON.stringify(ring.at(5)?.event));
  });

  it('holds no more than so many characters, however many have gone through it', () => {
    const ring = fill({ maxCount: 100, maxLength: 2 * length }, 9);
    expect(list(ring)).toEqual([8, 9]);
    expect(list(fill({ maxCount: 100, maxLength: 2 * length - 1 }, 9))).toEqual([9]);
    // One that is larger than all of it has no place in it.
    expect(list(fill({ maxCount: 100, maxLength: length - 1 }, 9))).toEqual([]);
  });

  it('knows the names of its own places alone', () => {
    const [ring, other] = [fill({ maxCount: 3, maxLength: 1_000_000 }, 5), fill({ maxCount: 3, maxLength: 1_000 }, 5)];
    expect(ring.parseId(ring.formatId(4))).toBe(4);
    for (const id of [other.formatId(4), '', '4', `${ring.formatId(4)}x`, `${ring.formatId(4)}-1`, ring.formatId(-1)]) {
      expect([id, ring.parseId(id)]).toEqual([id, undefined]);
    }
  });
});
