import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createActor, type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { UnauthorizedError, ValidationError, VersionMismatchError } from '../../lib/errors.ts';
import { createValidator } from '../../lib/schema/validator.ts';
import { event as eventSchema } from '../../schemas/event.ts';
import { type ManagerContext } from '../context.ts';
import { type EventDocument } from '../datastore/event-document.ts';
import { createEventsDatastore, type EventsDatastore, isEventId, spec } from '../datastore/events.ts';
import { createVersionedCollection } from '../datastore/versioned.ts';
import { EventNotFoundError } from '../errors.ts';
import { eventManager, formatEvent } from './events.ts';
import { toWire } from './patching.ts';

const end = '2026-06-01T20:00:00.000Z';

describe('the manager of events', () => {
  let world: ManagerWorld;
  let ctx: ManagerContext;
  let events: EventsDatastore;
  beforeAll(async () => {
    world = await openManagerWorld();
    const { clock, datastore, ...rest } = world.createContext();
    const { changes, dispatcher: outbox, store } = world;
    const collection = store.collection<EventDocument>(spec);
    const versioned = createVersionedCollection({ collection, changes, outbox, clock, isId: isEventId });
    events = createEventsDatastore({ collection, versioned });
    ctx = { ...rest, clock, datastore: { ...datastore, events } };
  });
  afterAll(() => world.close());

  const save = (eventId: string, patch: Record<string, unknown>, expectedVersion?: number) =>
    eventManager.save(ctx, eventId, patch, { expectedVersion });

  it('makes an event that it does not know, and changes it when it does', async () => {
    expect((await save('Z7r9jZ1A', { status: 'onsale', date: { end } })).version).toBe(1);
    expect((await save('Z7r9jZ1A', { status: 'cancelled' })).version).toBe(2);
    const event = await events.findById('Z7r9jZ1A');
    expect(event).toMatchObject({ status: 'cancelled', date: { end: new Date(end) } });
    expect(createValidator(eventSchema).selectFaults(event && toWire(formatEvent(event)))).toEqual([]);
    expect((await world.findChanges('Z7r9jZ1A')).map(({ cause, pending }) => ({ cause, pending }))).toEqual([
      { cause: 'event.updated', pending: [] },
      { cause: 'event.updated', pending: [] },
    ]);
  });

  it('removes the end by null, and keeps what the server set', async () => {
    await save('removed', { status: 'onsale', date: { end } });
    await save('removed', { date: { end: null } });
    expect((await events.findById('removed'))?.date).toEqual({
      created: new Date('2026-03-01T12:00:00.000Z'),
      updated: new Date('2026-03-01T12:00:00.000Z'),
    });
  });

  it('needs a status for an event that is new, and a good id', async () => {
    await expect(save('new', { date: { end } })).rejects.toThrow(ValidationError);
    await expect(save('not an id', { status: 'onsale' })).rejects.toThrow(EventNotFoundError);
    await expect(save('new', { status: 'onsale' }, 1)).rejects.toThrow(EventNotFoundError);
  });

  it('refuses an update of another version', async () => {
    await save('versioned', { status: 'onsale' });
    await expect(save('versioned', { status: 'offsale' }, 2)).rejects.toThrow(VersionMismatchError);
  });

  it('keeps both of two first writes that come at once', async () => {
    await Promise.all([save('raced', { status: 'onsale' }), save('raced', { status: 'onsale', date: { end } })]);
    expect(await events.findById('raced')).toMatchObject({
      status: 'onsale',
      date: { end: new Date(end) },
    });
  });

  it('lists events by status and by when they end', async () => {
    const day = (at: number): string => new Date(Date.UTC(2027, 0, at)).toISOString();
    for (const at of [3, 1, 2]) await save(`listed${at}`, { status: 'postponed', date: { end: day(at) } });
    const query = { status: 'postponed', sortBy: 'date.end', direction: 1, page: 0, pageSize: 10 } as const;
    const { rows, total } = await eventManager.list(ctx, { ...query, until: new Date(day(2)) });
    expect(rows.map(({ _id }) => _id)).toEqual(['listed1', 'listed2']);
    expect(total).toBe(2);
  });

  it('is for supreme users alone', async () => {
    const other = { ...ctx, actor: createActor('update') };
    await expect(eventManager.save(other, 'mine', { status: 'onsale' })).rejects.toThrow(UnauthorizedError);
  });
});
