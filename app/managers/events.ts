import { compileDates } from '../../lib/schema/dates.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { event as eventSchema, type EventContent, type EventWrite, eventWrite } from '../../schemas/event.ts';
import { type Page } from '../../schemas/paging.ts';
import { type ManagerContext } from '../context.ts';
import { type ChangeDescription } from '../datastore/changes.ts';
import { type EventDocument } from '../datastore/event-document.ts';
import { type EventListQuery, isEventId } from '../datastore/events.ts';
import { DuplicateKeyError } from '../datastore/store/collection.ts';
import { EventNotFoundError } from '../errors.ts';
import { throwIfNotSupreme } from '../policy.ts';
import { patchDocument, type PatchRules, toWire } from './patching.ts';
import { createView, type DocumentView, selectShown } from './presentation.ts';

type Context = ManagerContext<'events' | 'users'>;
type Fields = Readonly<Record<string, unknown>>;

const validator: Validator<EventWrite> = createValidator(eventWrite);
const dates = compileDates(eventWrite);

const rules: PatchRules = {
  readOnly: ['_id', 'date.created', 'date.updated', 'version'],
  selectFaults: writable => validator.selectFaults(writable),
  revive: writable => dates.revive(writable),
};

/** Gives every field of an event that is shown, in the schema's order; instants are dates. */
export function formatEvent(event: EventDocument): EventContent {
  return selectShown(event, eventSchema.properties) as EventContent;
}

/** Lists the events, a page at a time. Only for supreme users. */
async function list(ctx: ManagerContext<'events'>, query: EventListQuery): Promise<Page<EventContent>> {
  throwIfNotSupreme(ctx.actor);
  const page = await ctx.datastore.events.list(query);
  return { ...page, rows: page.rows.map(formatEvent) };
}

/**
 * Makes or changes an event by a JSON merge patch (RFC 7396). Only for supreme users. Throws `UnauthorizedError`,
 * `EventNotFoundError` (for what cannot be an event's id), `ValidationError`, and `VersionMismatchError`.
 */
async function save(
  ctx: Context,
  eventId: string,
  patch: Fields,
  { expectedVersion }: { readonly expectedVersion?: number | readonly number[] | undefined } = {},
): Promise<DocumentView> {
  throwIfNotSupreme(ctx.actor);
  if (!isEventId(eventId)) throw new EventNotFoundError();
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const describeChange = (): ChangeDescription => ({
    cause: 'event.updated',
    effects: [],
    by,
    correlation: ctx.correlation,
  });
  const update = async (): Promise<EventDocument | undefined> => {
    const outcome = await ctx.datastore.events.update(
      eventId,
      current => patchDocument(current, toWire(formatEvent(current)), patch, rules),
      {
        signal: ctx.signal,
        ...(expectedVersion !== undefined && { expectedVersion }),
        stamp: (next, at) => ({ ...next, date: { ...next.date, updated: at } }),
        describeChange,
      },
    );
    return outcome?.after;
  };
  const insert = async (): Promise<EventDocument> => {
    if (expectedVersion !== undefined) throw new EventNotFoundError();
    const at = ctx.clock();
    const empty = { _id: eventId, date: { created: at, updated: at } };
    // What is required is missing from an event that is not there yet: the patch must bring it.
    const made = patchDocument(empty, toWire(empty), patch, rules) as unknown as EventDocument;
    return ctx.datastore.events.insert(made, { signal: ctx.signal, describeChange });
  };
  const event = (await update()) ?? (await insertOrUpdate(insert, update));
  return createView(formatEvent(event));
}

/** Inserts an event, or updates it when another writer was first to insert it. */
async function insertOrUpdate(
  insert: () => Promise<EventDocument>,
  update: () => Promise<EventDocument | undefined>,
): Promise<EventDocument> {
  try {
    return await insert();
  } catch (error) {
    const updated = error instanceof DuplicateKeyError ? await update() : undefined;
    if (updated === undefined) throw error;
    return updated;
  }
}

/** All that can be done with events; routers, sockets and workers call these and nothing below. */
export const eventManager = { list, save } as const;
