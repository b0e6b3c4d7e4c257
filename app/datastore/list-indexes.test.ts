import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { createId } from '../../lib/ids.ts';
import { contactSortFields, createContactsDatastore, spec as contactsSpec } from './contacts.ts';
import { createEventsDatastore, eventSortFields, spec as eventsSpec } from './events.ts';
import { createMarketsDatastore, marketSortFields, spec as marketsSpec } from './markets.ts';
import { createPromotersDatastore, promoterSortFields, spec as promotersSpec } from './promoters.ts';
import {
  type Collection,
  type CollectionSpec,
  type Filter,
  type FindOptions,
  type StoredDocument,
} from './store/collection.ts';
import { type VersionedCollection, type VersionedDocument } from './versioned.ts';

interface Query {
  readonly filter: Filter;
  readonly options: FindOptions;
}

/** What a datastore is made of, on a collection that finds nothing and remembers what it was asked. */
function createRecorder<T extends VersionedDocument>(
  queries: Query[],
): {
  collection: Collection<T>;
  versioned: VersionedCollection<T>;
} {
  const answer =
    <R>(result: R) =>
    async (filter: Filter, options: FindOptions = {}): Promise<R> => {
      queries.push({ filter, options });
      return result;
    };
  const collection = {
    find: answer([]),
    findOne: answer(null),
    distinct: (_field: string, filter: Filter) => answer([])(filter),
    countDocuments: async () => 0,
  };
  return { collection: collection as unknown as Collection<T>, versioned: {} as VersionedCollection<T> };
}

const at = new Date();
const id = createId();
const page = { page: 0, pageSize: 10 };
const directions = [1, -1] as const;

describe('the queries of markets, events, promoters and contacts', () => {
  let world: ManagerWorld;
  beforeAll(async () => {
    world = await openManagerWorld();
  });
  afterAll(() => world.close());

  /** How each query that a datastore makes is served. */
  async function explain<T extends VersionedDocument, D>(
    spec: CollectionSpec,
    create: (parts: ReturnType<typeof createRecorder<T>>) => D,
    ask: (datastore: D) => readonly unknown[],
  ): Promise<unknown[]> {
    const queries: Query[] = [];
    await Promise.all(ask(create(createRecorder<T>(queries))));
    const collection = world.store.collection<StoredDocument>(spec);
    return Promise.all(
      queries.map(async ({ filter, options }) => {
        const { index, sortedByIndex } = await collection.explain(filter, options);
        const isServed = index !== null && (options.sort === undefined || sortedByIndex);
        return isServed ? 'served' : { filter, options, index, sortedByIndex };
      }),
    );
  }

  it('are served by an index each: markets', async () => {
    const window = { start: at, end: at };
    const answers = await explain(marketsSpec, createMarketsDatastore, markets => [
      ...marketSortFields.flatMap(sortBy =>
        directions.map(direction => markets.list({ campaignId: id, sortBy, direction, ...page })),
      ),
      markets.findByIds([id]),
      markets.findByCampaign(id, 10),
      markets.findEventIds([id]),
      markets.findCampaignIdsByEvent('E1'),
      markets.findCampaignIdsByPresale(window),
      markets.findByPresale({ ...window, ...page, campaignIds: [id] }),
      markets.findNotifiable({ ...page, until: at }),
      markets.isPromoterUsed(id),
    ]);
    expect(answers).toEqual(Array(16).fill('served'));
  });

  it('are served by an index each: events', async () => {
    const answers = await explain(eventsSpec, createEventsDatastore, events =>
      eventSortFields.flatMap(sortBy =>
        directions.flatMap(direction => [
          events.list({ sortBy, direction, ...page }),
          events.list({ sortBy, direction, status: 'onsale', ...page }),
          events.list({ sortBy, direction, until: at, ...page }),
          events.list({ sortBy, direction, status: 'onsale', until: at, ...page }),
        ]),
      ),
    );
    expect(answers).toEqual(Array(16).fill('served'));
  });

  it('are served by an index each: promoters and contacts', async () => {
    const answers = [
      ...(await explain(promotersSpec, createPromotersDatastore, promoters => [
        promoters.selectExisting([id]),
        ...promoterSortFields.flatMap(sortBy =>
          directions.map(direction => promoters.list({ sortBy, direction, ...page })),
        ),
      ])),
      ...(await explain(contactsSpec, createContactsDatastore, contacts => [
        contacts.findByIds([id]),
        contacts.selectExisting([id]),
        ...contactSortFields.flatMap(sortBy =>
          directions.map(direction => contacts.list({ sortBy, direction, ...page })),
        ),
      ])),
    ];
    expect(answers).toEqual(Array(15).fill('served'));
  });
});
