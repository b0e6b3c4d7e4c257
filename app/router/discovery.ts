import { type DataReply } from '../../lib/middlewares/request-state.ts';
import { artist, discoveryEvent, venue } from '../../schemas/discovery.ts';
import { type Page, paging } from '../../schemas/paging.ts';
import { type Discovered, discoveryManager } from '../managers/discovery.ts';
import { replyPage } from './parameters.ts';
import { type AnyRoute, defineRoute } from './route.ts';

const tag = 'Discovery API';

const query = {
  type: 'object',
  additionalProperties: false,
  properties: { q: { type: 'string', maxLength: 200, description: 'Words of the name.' }, ...paging },
} as const;

const description = 'Through a cache: `meta.cache` says `hit`, `miss` or `stale`, and `meta.stale` that it may be old.';

function selectMeta({ cache }: Discovered<unknown>): Readonly<Record<string, unknown>> {
  return { cache, ...(cache === 'stale' && { stale: true }) };
}

function replyFound(found: Discovered<Page<unknown>>): DataReply {
  return replyPage(found.value, selectMeta(found));
}

function replyOne(found: Discovered<unknown>): DataReply {
  return { data: found.value, meta: selectMeta(found) };
}

/** The routes of what the Discovery API knows. */
export const discoveryRoutes: readonly AnyRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/artists',
    tag,
    summary: 'Search for artists',
    description,
    permission: 'authenticated',
    query,
    response: { status: 200, kind: 'list', description: 'A page of artists.', schema: artist },
    handler: async (ctx, input) => replyFound(await discoveryManager.searchArtists(ctx, input.query)),
  }),
  defineRoute({
    method: 'GET',
    path: '/artists/:artistId',
    tag,
    summary: 'Read an artist',
    description,
    permission: 'authenticated',
    response: { status: 200, kind: 'document', description: 'The artist.', schema: artist },
    errors: ['ARTIST_NOT_FOUND'],
    handler: async (ctx, { params }) => replyOne(await discoveryManager.findArtist(ctx, params.artistId)),
  }),
  defineRoute({
    method: 'GET',
    path: '/venues',
    tag,
    summary: 'Search for venues',
    description,
    permission: 'authenticated',
    query,
    response: { status: 200, kind: 'list', description: 'A page of venues.', schema: venue },
    handler: async (ctx, input) => replyFound(await discoveryManager.searchVenues(ctx, input.query)),
  }),
  defineRoute({
    method: 'GET',
    path: '/venues/:venueId',
    tag,
    summary: 'Read a venue',
    description,
    permission: 'authenticated',
    response: { status: 200, kind: 'document', description: 'The venue.', schema: venue },
    errors: ['VENUE_NOT_FOUND'],
    handler: async (ctx, { params }) => replyOne(await discoveryManager.findVenue(ctx, params.venueId)),
  }),
  defineRoute({
    method: 'GET',
    path: '/discovery/events',
    tag,
    summary: 'Search for shows',
    description,
    permission: 'authenticated',
    query,
    response: { status: 200, kind: 'list', description: 'A page of shows.', schema: discoveryEvent },
    handler: async (ctx, input) => replyFound(await discoveryManager.searchEvents(ctx, input.query)),
  }),
  defineRoute({
    method: 'GET',
    path: '/discovery/events/:eventId',
    tag,
    summary: 'Read a show as the Discovery API has it',
    description,
    permission: 'authenticated',
    response: { status: 200, kind: 'document', description: 'The show.', schema: discoveryEvent },
    errors: ['EVENT_NOT_FOUND'],
    handler: async (ctx, { params }) => replyOne(await discoveryManager.findEvent(ctx, params.eventId)),
  }),
];
