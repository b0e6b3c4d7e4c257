import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { createId } from '../../lib/ids.ts';
import { campaignStatuses } from '../../schemas/campaign.ts';
import { createAttemptsDatastore, spec as attemptsSpec } from './attempts.ts';
import {
  type CampaignListQuery,
  campaignSortFields,
  createCampaignsDatastore,
  spec as campaignsSpec,
} from './campaigns.ts';
import { createChanges, spec as changesSpec } from './changes.ts';
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
import { createUsersDatastore, spec as usersSpec } from './users.ts';
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
    // The filter of the page that is counted, once more.
    countDocuments: async () => 0,
    deleteMany: answer(0),
  };
  return { collection: collection as unknown as Collection<T>, versioned: {} as VersionedCollection<T> };
}

const at = new Date();
const id = createId();
const page = { page: 0, pageSize: 10 };
const directions = [1, -1] as const;

describe('the queries of the datastores', () => {
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

  it('are served by an index each: the list of campaigns, sorted by it unless words or rights narrow it', async () => {
    const narrowed: Partial<CampaignListQuery>[] = [
      {},
      ...campaignStatuses.map(status => ({ status })),
      { artistId: 'a' },
      { artistId: 'a', status: 'OPEN' },
      { type: 'fanlist' },
      { schemaVersion: 1, status: 'OPEN' },
    ];
    const queries = campaignSortFields.flatMap(sortBy => directions.map(direction => ({ sortBy, direction, ...page })));
    const ask = (more: readonly Partial<CampaignListQuery>[]): Promise<unknown[]> =>
      explain(campaignsSpec, createCampaignsDatastore, campaigns =>
        queries.flatMap(query => more.map(one => campaigns.list({ readable: 'all', ...query, ...one }))),
      );
    const answers = await ask(narrowed);
    expect(answers).toEqual(Array(queries.length * narrowed.length).fill('served'));
    const searches = await ask([{ q: 'some words' }, { q: '.*' }, { readable: [id] }, { readable: [id], q: 'word' }]);
    expect(searches.filter(answer => answer !== 'served' && (answer as { index: unknown }).index === null)).toEqual([]);
    expect(searches).toHaveLength(queries.length * 4);
  });

  it('are served by an index each: campaigns', async () => {
    const window = { start: at, end: at };
    const due = { until: at, limit: 10 };
    const steps = [
      { status: 'DRAFT', dateField: 'date.open' },
      { status: 'PREVIEW', dateField: 'date.open' },
      { status: 'OPEN', dateField: 'date.close' },
      { status: 'CLOSED', dateField: 'date.closed' },
    ] as const;
    const answers = await explain(campaignsSpec, createCampaignsDatastore, campaigns => [
      campaigns.findByDomain('a.example.com'),
      campaigns.selectExisting([id]),
      ...(['all', [id]] as const).flatMap(readable => [
        campaigns.findIdsByCategory(['a', 'b'], readable),
        campaigns.findByPresaleWindow(window, readable),
        campaigns.findByPresaleWindow(undefined, readable),
        campaigns.findByEvent('E1', [id], readable),
      ]),
      ...steps.flatMap(step => [
        campaigns.findDue({ ...step, ...due }),
        campaigns.findDue({ ...step, ...due, after: { date: at, campaignId: id } }),
      ]),
    ]);
    expect(answers).toEqual(Array(24).fill('served'));
  });

  it('are served by an index each: changes, users and attempts', async () => {
    const answers = [
      ...(await explain(changesSpec, createChanges as never, (changes: ReturnType<typeof createChanges>) => [
        changes.findOne('c'),
        changes.findByVersion(id, 1),
        changes.findByDocument(id, page),
        changes.findByCampaign(id, page),
        changes.findByUser('u', page),
      ])),
      ...(await explain(
        usersSpec,
        ({ collection }) => createUsersDatastore({ collection: collection, clock: () => at }),
        users => [users.findReference('u'), users.selectUserIds(['r']), users.findRevocations(at)],
      )),
      ...(await explain(
        attemptsSpec,
        ({ collection }) => createAttemptsDatastore({ collection: collection as never }),
        attempts => [attempts.find('k', at), attempts.purge(at)],
      )),
    ];
    expect(answers).toEqual(Array(10).fill('served'));
  });

  it('are served by an index each: markets', async () => {
    const window = { start: at, end: at };
    const answers = await explain(marketsSpec, createMarketsDatastore, markets => [
      ...marketSortFields.flatMap(sortBy =>
        directions.map(direction => markets.list({ campaignId: id, sortBy, direction, ...page })),
      ),
      markets.findByIds([id]),
      markets.findByCampaign(id, 10),
      markets.findEventIds([id]),
      markets.findEventIdsByCampaign([id]),
      markets.findCampaignIdsByEvent('E1'),
      markets.findCampaignIdsByPresale(window),
      markets.findByPresale({ ...window, ...page, campaignIds: [id] }),
      markets.findNotifiable({ ...page, until: at }),
      markets.isPromoterUsed(id),
    ]);
    expect(answers).toEqual(Array(17).fill('served'));
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
