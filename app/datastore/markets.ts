import { type SelectionStatus } from '../../schemas/market.ts';
import { type Page } from '../../schemas/paging.ts';
import { MarketEventConflictError, MarketNameConflictError } from '../errors.ts';
import { withConflicts } from './conflicts.ts';
import { type MarketDocument } from './market-document.ts';
import { findPage } from './paging.ts';
import { type Collection, type CollectionSpec, type Filter, type IndexSpec } from './store/collection.ts';
import {
  type NewDocument,
  notDeleted,
  pendingChangeIndex,
  type RemoveOptions,
  type RemoveOutcome,
  type UpdateOptions,
  type UpdateOutcome,
  type VersionedCollection,
  type InsertOptions,
} from './versioned.ts';

/** What the list of a campaign can be sorted by. */
export const marketSortFields = ['name', 'date.created', 'event.date', 'event.presaleDateTime'] as const;
export type MarketSortField = (typeof marketSortFields)[number];

/** The collection `markets`: the unique keys, then an index for each query. */
export const spec: CollectionSpec = {
  name: 'markets',
  ids: ['_id', 'campaignId', 'promoterIds', 'clonedFrom'],
  indexes: [
    { name: 'nameKey', key: { nameKey: 1 }, unique: true, sparse: true },
    { name: 'eventKeys', key: { eventKeys: 1 }, unique: true, sparse: true },
    ...marketSortFields.map((field): IndexSpec => ({
      name: `list_${field}`,
      key: { campaignId: 1, [field]: 1, _id: 1 },
    })),
    { name: 'event_ids', key: { 'event.ids': 1 }, sparse: true },
    { name: 'promoterIds', key: { promoterIds: 1 }, sparse: true },
    { name: 'presale', key: { 'event.presaleDateTime': 1, _id: 1 } },
    { name: 'notifyAt', key: { notifyAt: 1, _id: 1 } },
    { name: 'selection_status', key: { 'selection.status': 1, _id: 1 } },
    pendingChangeIndex,
  ],
};

export interface MarketListQuery {
  readonly campaignId: string;
  readonly sortBy: MarketSortField;
  readonly direction: 1 | -1;
  readonly page: number;
  readonly pageSize: number;
}

/** Markets whose presale begins in a window of time; both ends belong to it. */
export interface PresaleQuery {
  readonly start: Date;
  readonly end: Date;
}

/** Which page of a list is wanted. */
export interface PageQuery {
  readonly page: number;
  readonly pageSize: number;
}

export interface MarketsDatastore {
  /** Gives null when there is none, also for an ill-formed id. */
  findById(marketId: string): Promise<MarketDocument | null>;
  /** Gives the markets that there are, in the order of the ids. */
  findByIds(marketIds: readonly string[]): Promise<MarketDocument[]>;
  /** Throws the conflict of whichever key is taken. */
  insert(content: NewDocument<MarketDocument>, options: InsertOptions<MarketDocument>): Promise<MarketDocument>;
  /** Gives null when there is none; throws `VersionMismatchError`, conflicts, and whatever `apply` throws. */
  update(
    marketId: string,
    apply: (current: MarketDocument) => MarketDocument | Promise<MarketDocument>,
    options: UpdateOptions<MarketDocument>,
  ): Promise<UpdateOutcome<MarketDocument> | null>;
  /** Gives null when there is none; throws `VersionMismatchError`. */
  remove(marketId: string, options: RemoveOptions<MarketDocument>): Promise<RemoveOutcome<MarketDocument> | null>;
  list(query: MarketListQuery): Promise<Page<MarketDocument>>;
  /** Gives the ids of markets whose selection has the status, in order, from behind `after` on. */
  findIdsBySelection(query: {
    readonly status: SelectionStatus;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<string[]>;
  /** Gives the markets of a campaign by name; at most `limit` when it is given. */
  findByCampaign(campaignId: string, limit?: number): Promise<MarketDocument[]>;
  /** Gives the shows of the campaigns' markets, each once. */
  findEventIds(campaignIds: readonly string[]): Promise<string[]>;
  /** Gives the shows of each campaign's markets; a campaign without any is not there. */
  findEventIdsByCampaign(campaignIds: readonly string[]): Promise<Map<string, string[]>>;
  /** Gives the campaigns that have a market for the show. */
  findCampaignIdsByEvent(eventId: string): Promise<string[]>;
  /** Gives the campaigns of the markets whose presale begins in the window. */
  findCampaignIdsByPresale(query: PresaleQuery): Promise<string[]>;
  /** Gives the markets of the campaigns whose presale begins in the window, the earliest first. */
  findByPresale(
    query: PresaleQuery & PageQuery & { readonly campaignIds: readonly string[] },
  ): Promise<Page<MarketDocument>>;
  /** Gives the markets whose fans are to be reminded by `until` and have not been, the earliest first. */
  findNotifiable(query: PageQuery & { readonly until: Date }): Promise<Page<MarketDocument>>;
  isPromoterUsed(promoterId: string): Promise<boolean>;
}

const conflicts = {
  nameKey: () => new MarketNameConflictError(),
  eventKeys: () => new MarketEventConflictError(),
};

/** Gives the door to the markets. */
export function createMarketsDatastore({
  collection,
  versioned,
}: {
  readonly collection: Collection<MarketDocument>;
  readonly versioned: VersionedCollection<MarketDocument>;
}): MarketsDatastore {
  const selectPresale = ({ start, end }: PresaleQuery): Filter => ({
    'event.presaleDateTime': { $gte: start, $lte: end },
    ...notDeleted,
  });
  return {
    findById: marketId => versioned.findById(marketId),
    async findByIds(marketIds) {
      const found = await collection.find({ _id: { $in: marketIds }, ...notDeleted });
      const byId = new Map(found.map(market => [market._id, market]));
      return marketIds.flatMap(marketId => byId.get(marketId) ?? []);
    },
    insert: (content, options) => withConflicts(conflicts, versioned.insert(content, options)),
    update: (marketId, apply, options) => withConflicts(conflicts, versioned.update(marketId, apply, options)),
    remove: (marketId, options) => versioned.remove(marketId, options),
    list: ({ campaignId, sortBy, direction, ...page }) =>
      findPage(collection, { campaignId, ...notDeleted }, { [sortBy]: direction, _id: direction }, page),
    findByCampaign: (campaignId, limit) =>
      collection.find(
        { campaignId, ...notDeleted },
        { sort: { name: 1, _id: 1 }, ...(limit !== undefined && { limit }) },
      ),
    async findEventIds(campaignIds) {
      const eventIds = await collection.distinct('event.ids', { campaignId: { $in: campaignIds }, ...notDeleted });
      return eventIds as string[];
    },
    async findEventIdsByCampaign(campaignIds) {
      const found = await collection.find(
        { campaignId: { $in: campaignIds }, ...notDeleted },
        { projection: { campaignId: 1, 'event.ids': 1 } },
      );
      const eventIds = new Map<string, string[]>();
      for (const { campaignId, event } of found) {
        if (event?.ids !== undefined) eventIds.set(campaignId, [...(eventIds.get(campaignId) ?? []), ...event.ids]);
      }
      return eventIds;
    },
    async findCampaignIdsByEvent(eventId) {
      return (await collection.distinct('campaignId', { 'event.ids': eventId, ...notDeleted })) as string[];
    },
    async findCampaignIdsByPresale(query) {
      return (await collection.distinct('campaignId', selectPresale(query))) as string[];
    },
    findByPresale: ({ start, end, campaignIds, ...page }) =>
      findPage(
        collection,
        { ...selectPresale({ start, end }), campaignId: { $in: campaignIds } },
        { 'event.presaleDateTime': 1, _id: 1 },
        { ...page, hint: 'presale' },
      ),
    findNotifiable: ({ until, ...page }) =>
      findPage(collection, { notifyAt: { $lte: until }, ...notDeleted }, { notifyAt: 1, _id: 1 }, page),
    async findIdsBySelection({ status, after, limit }) {
      const found = await collection.find(
        { 'selection.status': status, ...(after !== undefined && { _id: { $gt: after } }), ...notDeleted },
        { sort: { _id: 1 }, limit, projection: { _id: 1 } },
      );
      return found.map(market => market._id);
    },
    async isPromoterUsed(promoterId) {
      return (
        (await collection.findOne({ promoterIds: promoterId, ...notDeleted }, { projection: { _id: 1 } })) !== null
      );
    },
  };
}
