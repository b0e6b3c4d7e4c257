import { type Target } from './protocol.ts';
import { readTarget, updateTarget } from './campaigns.ts';
import { campaignsPerArtist, countArtists, type Population } from './stored-campaign.ts';

/** How many campaigns are in use at a time, however many there are. */
export const campaignsInUse = 1_000;

const prefix = '/campaigns/';

/** What the service can be asked. Its campaigns in use lie evenly among all of them. */
export function createServiceTargets(population: Population, headers: Readonly<Record<string, string>>) {
  const { campaigns } = population;
  const rows = campaignsPerArtist;
  const count = Math.min(campaigns, campaignsInUse);
  const inUse = { count, stride: Math.floor(campaigns / count) };
  const any = { count: campaigns, stride: 1 };
  const artists = { count: Math.min(countArtists(population), campaignsInUse / campaignsPerArtist), stride: 1 };
  const get = (path: string, pick?: Target['pick']): Target => ({ path, headers, status: 200, ...(pick && { pick }) });
  const read = readTarget(prefix, headers);
  return {
    read,
    readGzip: { ...read, headers: { ...headers, 'accept-encoding': 'gzip' } },
    readInUse: get(`${prefix}@id@`, inUse),
    readAny: get(`${prefix}@id@`, any),
    readByDomain: get('/campaigns?domain=lanterns-@number@.presale.example', inUse),
    listByArtist: { ...get(`/campaigns/list?artistId=artist-@number@&pageSize=${rows}`, artists), rows },
    listOpen: { ...get(`/campaigns/list?status=OPEN&pageSize=${rows}`), rows },
    update: updateTarget('POST', prefix, headers, inUse),
    updateAny: updateTarget('POST', prefix, headers, any),
    refresh: { path: '/campaigns/refresh', headers, status: 200, method: 'POST' },
  } satisfies Record<string, Target>;
}
