import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createCatalog } from './catalog.ts';
import { formatCatalog, selectWords, type VendorCatalog } from './vendor-form.ts';

/** A stand-in of the Discovery API that is running. */
export interface DiscoveryStandIn {
  /** The base address, as `DISCOVERY_URL` wants it. */
  readonly url: string;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const BASE = '/discovery/v2';
const DEFAULT_SIZE = 20;
const MAX_SIZE = 200;
/** How deep the Discovery API lets anybody look. */
const DEEPEST = 1_000;

/**
 * Starts the stand-in: a few hundred invented artists, venues and shows, those of the demo's campaigns among them, over
 * HTTP in the form of the Discovery API. Any API key is good, none is not. It keeps no process alive.
 *
 * @param port 0 takes a free one
 */
export async function startDiscoveryStandIn({
  port = 0,
  now = new Date(),
}: { readonly port?: number; readonly now?: Date } = {}): Promise<DiscoveryStandIn> {
  const catalog = formatCatalog(createCatalog(now));
  const server = createServer((req, res) => {
    const { status, body } = answer(catalog, new URL(req.url ?? '/', 'http://stand-in'));
    res.writeHead(status, { 'content-type': 'application/json;charset=utf-8' });
    res.end(JSON.stringify(body));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(catalog: VendorCatalog, { pathname, searchParams }: URL): Answer {
  if (!searchParams.get('apikey')) {
    const fault = { faultstring: 'Invalid ApiKey', detail: { errorcode: 'oauth.v2.InvalidApiKey' } };
    return { status: 401, body: { fault } };
  }
  const [, kind = '', id] =
    /^\/discovery\/v2\/(attractions|venues|events)(?:\/([^/]+?))?(?:\.json)?$/.exec(pathname) ?? [];
  if (!(kind in catalog)) return createFault(404, 'DIS1004', 'Resource not found');
  if (id === undefined) return search(catalog, kind as keyof VendorCatalog, searchParams);
  const item = catalog[kind as keyof VendorCatalog].find(one => one.id === id);
  return item === undefined
    ? createFault(404, 'DIS1004', `Resource not found with provided criteria (id=${id})`)
    : { status: 200, body: item.shown };
}

function search(catalog: VendorCatalog, kind: keyof VendorCatalog, parameters: URLSearchParams): Answer {
  const number = Number(parameters.get('page') ?? 0);
  const size = Number(parameters.get('size') ?? DEFAULT_SIZE);
  const isPage = Number.isInteger(number) && number >= 0 && Number.isInteger(size) && size >= 1 && size <= MAX_SIZE;
  if (!isPage) return createFault(400, 'DIS1015', 'Query param with date/number must be of valid format');
  if (number * size >= DEEPEST)
    return createFault(400, 'DIS1035', 'API limits exceeded: (page * size) must be less than 1,000');
  const wanted = selectWords(parameters.get('keyword') ?? '');
  const found = catalog[kind].filter(({ words }) => wanted.every(word => words.some(one => one.startsWith(word))));
  const rows = found.slice(number * size, (number + 1) * size).map(({ shown }) => shown);
  const page = { size, totalElements: found.length, totalPages: Math.ceil(found.length / size), number };
  // A page without anything on it embeds nothing.
  return { status: 200, body: { ...(rows.length > 0 && { _embedded: { [kind]: rows } }), _links: {}, page } };
}

function createFault(status: number, code: string, detail: string): Answer {
  return { status, body: { errors: [{ code, detail, status: String(status) }] } };
}
