import { type CampaignStatus } from '../../schemas/campaign.ts';
import { type Page } from '../../schemas/paging.ts';
import { CampaignNameConflictError, DomainNameConflictError, IdentifierConflictError } from '../errors.ts';
import { selectWords } from './campaign-derived.ts';
import { type CampaignDocument } from './campaign-document.ts';
import { withConflicts } from './conflicts.ts';
import { findPage } from './paging.ts';
import { type Collection, type CollectionSpec, type Filter, type IndexSpec, type Sort } from './store/collection.ts';
import {
  type InsertOptions,
  type NewDocument,
  pendingChangeIndex,
  type UpdateOptions,
  type UpdateOutcome,
  type VersionedCollection,
} from './versioned.ts';

/** What the list can be sorted by. */
export const campaignSortFields = ['date.created', 'date.updated', 'date.open', 'date.close', 'name'] as const;
export type CampaignSortField = (typeof campaignSortFields)[number];

/** The collection `campaigns`: the unique keys, then an index for each query. */
export const spec: CollectionSpec = {
  name: 'campaigns',
  ids: ['_id', 'contacts', 'linkedCampaignIds'],
  indexes: [
    { name: 'domain_site', key: { 'domain.site': 1 }, unique: true, sparse: true },
    { name: 'nameKey', key: { nameKey: 1 }, unique: true, sparse: true },
    { name: 'identifier', key: { identifier: 1 }, unique: true, sparse: true },
    ...campaignSortFields.flatMap((field): IndexSpec[] => [
      { name: `list_${field}`, key: { [field]: 1, _id: 1 } },
      { name: `list_status_${field}`, key: { status: 1, [field]: 1, _id: 1 } },
      { name: `list_artist_${field}`, key: { 'artist.id': 1, [field]: 1, _id: 1 } },
    ]),
    { name: 'status_closed', key: { status: 1, 'date.closed': 1, _id: 1 } },
    { name: 'search', key: { search: 1 } },
    { name: 'categoryId', key: { categoryId: 1 }, sparse: true },
    { name: 'eventIds', key: { eventIds: 1 }, sparse: true },
    { name: 'presaleWindow', key: { 'date.presaleWindowStart': 1 }, sparse: true },
    { name: 'audit_createdBy', key: { 'audit.createdBy': 1 } },
    pendingChangeIndex,
  ],
};

export interface CampaignListQuery {
  /** Words; each must begin a word of the name, artist, tour, domain or identifier. */
  readonly q?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: CampaignStatus | undefined;
  readonly schemaVersion?: number | undefined;
  readonly artistId?: string | undefined;
  /** The campaigns that the caller may read. */
  readonly readable: 'all' | readonly string[];
  readonly sortBy: CampaignSortField;
  readonly direction: 1 | -1;
  readonly page: number;
  readonly pageSize: number;
}

/** A window of time that presale windows are compared with; both ends belong to it. */
export interface TimeWindow {
  readonly start: Date;
  readonly end: Date;
}

/** A step of the refresh: campaigns of a status whose date has come. */
export interface DueQuery {
  readonly status: CampaignStatus;
  readonly dateField: 'date.open' | 'date.close' | 'date.closed';
  /** The last instant that is due. */
  readonly until: Date;
  /** Where the last batch ended; the first begins without it. */
  readonly after?: { readonly date: Date; readonly campaignId: string } | undefined;
  readonly limit: number;
}

/** What a refresh needs to know of a campaign that is due. */
export interface DueCampaign {
  readonly campaignId: string;
  readonly date: Date;
}

/** What is told of the campaigns of a presale window: there may be many. */
export type PresaleCampaign = Pick<CampaignDocument, '_id' | 'categoryId' | 'eventIds'>;

export interface CampaignsDatastore {
  /** Gives null when there is none, also for an ill-formed id. */
  findById(campaignId: string): Promise<CampaignDocument | null>;
  /** Gives the campaigns that there are, in no order. */
  findByIds(campaignIds: readonly string[]): Promise<CampaignDocument[]>;
  findByDomain(domain: string): Promise<CampaignDocument | null>;
  /** Gives the id of the campaign that is called so; null when there is none. */
  findIdByIdentifier(identifier: string): Promise<string | null>;
  /** Which of the ids are campaigns. */
  selectExisting(campaignIds: readonly string[]): Promise<Set<string>>;
  /** Throws the conflict of whichever key is taken. */
  insert(content: NewDocument<CampaignDocument>, options: InsertOptions<CampaignDocument>): Promise<CampaignDocument>;
  /** Gives null when there is none; throws `VersionMismatchError`, conflicts, and whatever `apply` throws. */
  update(
    campaignId: string,
    apply: (current: CampaignDocument) => CampaignDocument | Promise<CampaignDocument>,
    options: UpdateOptions<CampaignDocument>,
  ): Promise<UpdateOutcome<CampaignDocument> | null>;
  list(query: CampaignListQuery): Promise<Page<CampaignDocument>>;
  findIdsByCategory(categoryIds: readonly string[], readable: 'all' | readonly string[]): Promise<string[]>;
  /** The readable campaigns whose presale window meets the given one; all that have a window when none is given. */
  findByPresaleWindow(window: TimeWindow | undefined, readable: 'all' | readonly string[]): Promise<PresaleCampaign[]>;
  /** Campaigns past PREVIEW that have a presale window and are for the event, by their own list or by being named. */
  findByEvent(
    eventId: string,
    campaignIds: readonly string[],
    readable: 'all' | readonly string[],
  ): Promise<CampaignDocument[]>;
  findDue(query: DueQuery): Promise<DueCampaign[]>;
}

const conflicts = {
  domain_site: () => new DomainNameConflictError(),
  nameKey: () => new CampaignNameConflictError(),
  identifier: () => new IdentifierConflictError(),
};

/** Gives the door to the campaigns. */
export function createCampaignsDatastore({
  collection,
  versioned,
}: {
  readonly collection: Collection<CampaignDocument>;
  readonly versioned: VersionedCollection<CampaignDocument>;
}): CampaignsDatastore {
  return {
    findById: campaignId => versioned.findById(campaignId),
    findByIds: campaignIds => collection.find({ _id: { $in: campaignIds } }),
    findByDomain: domain => collection.findOne({ 'domain.site': domain.toLowerCase() }),
    async findIdByIdentifier(identifier) {
      const [found] = await collection.find({ identifier }, { limit: 1, projection: { _id: 1 } });
      return found?._id ?? null;
    },
    async selectExisting(campaignIds) {
      const found = await collection.find({ _id: { $in: campaignIds } }, { projection: { _id: 1 } });
      return new Set(found.map(campaign => campaign._id));
    },
    insert: (content, options) => withConflicts(conflicts, versioned.insert(content, options)),
    update: (campaignId, apply, options) => withConflicts(conflicts, versioned.update(campaignId, apply, options)),
    list(query) {
      const { sortBy, direction, page, pageSize } = query;
      return findPage(collection, listFilter(query), { [sortBy]: direction, _id: direction }, { page, pageSize });
    },
    async findIdsByCategory(categoryIds, readable) {
      const found = await collection.find(
        { categoryId: { $in: categoryIds }, ...within(readable) },
        { projection: { _id: 1 } },
      );
      return found.map(campaign => campaign._id).sort();
    },
    findByPresaleWindow: (window, readable) =>
      collection.find(
        {
          'date.presaleWindowStart': window ? { $lte: window.end } : { $exists: true },
          ...(window && { 'date.presaleWindowEnd': { $gte: window.start } }),
          ...within(readable),
        },
        { projection: { categoryId: 1, eventIds: 1 } },
      ),
    async findByEvent(eventId, campaignIds, readable) {
      const rule: Filter = {
        status: { $nin: ['DRAFT', 'PREVIEW'] },
        'date.presaleWindowStart': { $exists: true },
        'date.presaleWindowEnd': { $exists: true },
      };
      // Two queries, each on its index, rather than one $or that may be on none.
      const [own, named] = await Promise.all([
        collection.find({ eventIds: eventId, ...rule, ...within(readable) }),
        campaignIds.length === 0 ? [] : collection.find({ _id: { $in: intersect(campaignIds, readable) }, ...rule }),
      ]);
      const byId = new Map([...own, ...named].map(campaign => [campaign._id, campaign]));
      return [...byId.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
    },
    async findDue({ status, dateField, until, after, limit }) {
      const sort: Sort = { [dateField]: 1, _id: 1 };
      const projection = { [dateField]: 1 as const };
      const select = async (filter: Filter, most: number): Promise<DueCampaign[]> => {
        const found = await collection.find({ status, ...filter }, { sort, limit: most, projection });
        const name = dateField.slice('date.'.length) as 'open';
        return found.flatMap(({ _id, date }) => (date[name] ? [{ campaignId: _id, date: date[name] }] : []));
      };
      if (after === undefined) return select({ [dateField]: { $lte: until } }, limit);
      // Keyset: first what shares the last row's date, then what is later.
      const same = await select({ [dateField]: after.date, _id: { $gt: after.campaignId } }, limit);
      if (same.length === limit) return same;
      return [...same, ...(await select({ [dateField]: { $gt: after.date, $lte: until } }, limit - same.length))];
    },
  };
}

function listFilter({ q, type, status, schemaVersion, artistId, readable }: CampaignListQuery): Filter {
  const words = selectWords(q ?? '');
  // Nothing has a word that begins like a text without a letter or a digit.
  const isVain = words.length === 0 && (q ?? '').trim() !== '';
  return {
    ...within(isVain ? [] : readable),
    ...(status !== undefined && { status }),
    ...(artistId !== undefined && { 'artist.id': artistId }),
    ...(type !== undefined && { type }),
    ...(schemaVersion !== undefined && { 'schema.version': schemaVersion }),
    // Words hold letters and digits alone, so none of them can be a regular expression's operator.
    ...(words.length > 0 && { $and: words.map(word => ({ search: { $regex: `^${word}` } })) }),
  };
}

function within(readable: 'all' | readonly string[]): Filter {
  return readable === 'all' ? {} : { _id: { $in: readable } };
}

function intersect(ids: readonly string[], readable: 'all' | readonly string[]): readonly string[] {
  if (readable === 'all') return ids;
  const allowed = new Set(readable);
  return ids.filter(id => allowed.has(id));
}
