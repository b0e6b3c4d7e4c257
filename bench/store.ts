import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CollectionSpec, type StoredDocument } from '../app/datastore/store/collection.ts';
import { openEmbeddedStore } from '../app/datastore/store/embedded/embedded-store.ts';

/*
 * What the embedded store costs, for 1,000 and for 50,000 campaigns of about 2 KB side by side: `npm run bench:store`.
 * Wall time per operation, and where writes overlap also the time of the main thread, which is what the rest of the
 * service has to share. Each figure is the best of several rounds, since other load only ever slows.
 */

interface Campaign extends StoredDocument {
  readonly version: number;
}

const SPEC: CollectionSpec = {
  name: 'campaigns',
  ids: [],
  indexes: [
    { name: 'domain_site', key: { 'domain.site': 1 }, unique: true, sparse: true },
    { name: 'status_open', key: { status: 1, 'date.open': 1 } },
    { name: 'event_ids', key: { 'event.ids': 1 } },
    { name: 'pending', key: { 'pendingChange.at': 1 }, sparse: true },
  ],
};
const SIZES = [1_000, 50_000] as const;
const ROUNDS = 5;
/** How many campaigns are written to again and again. */
const HOT = 1_000;
const START = Date.UTC(2026, 0, 1);

const idOf = (n: number): string => n.toString(16).padStart(24, '0');

function campaign(n: number): Campaign & Record<string, unknown> {
  return {
    _id: idOf(n),
    version: 1,
    name: `Presale of artist ${n}`,
    status: ['DRAFT', 'OPEN', 'CLOSED'][n % 3],
    domain: { site: `artist-${n}` },
    date: { open: new Date(START + n * 60_000), close: new Date(START + n * 60_000 + 86_400_000) },
    event: { ids: Array.from({ length: 4 }, (_, at) => `event-${n}-${at}`) },
    markets: Array.from({ length: 10 }, (_, at) => ({
      _id: `${n}-${at}`,
      name: `Market ${at}`,
      venue: { id: `venue-${(n + at) % 500}`, name: `Hall ${(n + at) % 500}`, city: 'Lyon', country: 'FR' },
      price: 20 + at / 2,
      isOnSale: at % 2 === 0,
    })),
    text: 'A presale for those who have followed from the start. '.repeat(10),
  };
}

type Row = readonly [name: string, milliseconds: string];

async function measure(size: number): Promise<Row[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'bench-store-'));
  try {
    await fill(directory, size);
    return await measureIn(directory, size);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fill(directory: string, size: number): Promise<void> {
  const store = await openEmbeddedStore({ directory });
  const campaigns = store.collection<Campaign>(SPEC);
  await campaigns.createIndexes();
  for (let from = 0; from < size; from += 1000) {
    const length = Math.min(1000, size - from);
    await campaigns.bulkWrite(Array.from({ length }, (_, n) => ({ insertOne: { document: campaign(from + n) } })));
  }
  await store.close();
}

async function measureIn(directory: string, size: number): Promise<Row[]> {
  const opening = performance.now();
  const store = await openEmbeddedStore({ directory });
  const campaigns = store.collection<Campaign>(SPEC);
  await campaigns.findOne({ _id: idOf(size - 1) });
  const opened = performance.now() - opening;

  const any = (): number => Math.floor(Math.random() * size);
  const versions = new Map<string, number>();
  const guardedUpdate = async (id: string): Promise<void> => {
    const version = versions.get(id) ?? 1;
    const update = { $set: { version: version + 1, name: `Presale, version ${version + 1}`, changedAt: new Date() } };
    if ((await campaigns.findOneAndUpdate({ _id: id, version }, update)) === null) throw new Error(`${id} was lost.`);
    versions.set(id, version + 1);
  };

  const rows: Row[] = [['open, and read one', opened.toFixed(1)]];
  let next = 0;
  // Few enough reads in the first round that most documents have not been read before.
  const uncached = await timed(500, () => campaigns.findOne({ _id: idOf((next += 7919) % size) }), 1);
  rows.push(['find by _id, not cached', format(uncached.wall)]);
  const hot = idOf(any());
  rows.push(['find by _id, cached', format((await timed(20_000, () => campaigns.findOne({ _id: hot }))).wall)]);
  const bySite = await timed(2_000, () => campaigns.findOne({ 'domain.site': `artist-${any() % 500}` }));
  rows.push(['find by unique index, cached', format(bySite.wall)]);
  const byEvent = await timed(2_000, () => campaigns.find({ 'event.ids': `event-${any() % 500}-2` }));
  rows.push(['find by an element of a list', format(byEvent.wall)]);
  const list = await timed(500, () =>
    campaigns.find(
      { status: 'OPEN', 'date.open': { $gte: new Date(START) } },
      { sort: { 'date.open': 1, _id: 1 }, limit: 20 },
    ),
  );
  rows.push(['list 20 by status and date, sorted by index', format(list.wall)]);
  rows.push([
    'count by index (a third of all)',
    format((await timed(20, () => campaigns.countDocuments({ status: 'OPEN' }))).wall),
  ]);
  const single = await timed(100, () => guardedUpdate(idOf(any() % HOT)));
  rows.push(['guarded update, one at a time', `${format(single.wall)} (main thread ${format(single.busy)})`]);
  const many = await timed(100, n =>
    Promise.all(Array.from({ length: 50 }, (_, at) => guardedUpdate(idOf((n * 50 + at) % HOT)))),
  );
  rows.push(['guarded update, 50 at once', `${format(many.wall / 50)} (main thread ${format(many.busy / 50)})`]);
  let last = size;
  const insert = await timed(100, () => campaigns.insertOne(campaign((last += 1))));
  rows.push(['insert, one at a time', `${format(insert.wall)} (main thread ${format(insert.busy)})`]);
  const inserts = await timed(20, () =>
    Promise.all(Array.from({ length: 50 }, () => campaigns.insertOne(campaign((last += 1))))),
  );
  rows.push(['insert, 50 at once', `${format(inserts.wall / 50)} (main thread ${format(inserts.busy / 50)})`]);
  rows.push(['memory of the process, MB', (process.memoryUsage.rss() / 2 ** 20).toFixed(0)]);
  await store.close();
  return rows;
}

interface Cost {
  /** Milliseconds per run. */
  readonly wall: number;
  readonly busy: number;
}

/** The best round's time per run: on the wall, and on the main thread. */
async function timed(runs: number, run: (n: number) => Promise<unknown>, rounds = ROUNDS): Promise<Cost> {
  let wall = Infinity;
  let busy = Infinity;
  let count = 0;
  for (let round = 0; round < rounds; round += 1) {
    const busyBefore = await mainThreadMs();
    const before = performance.now();
    for (let n = 0; n < runs; n += 1) await run((count += 1));
    wall = Math.min(wall, (performance.now() - before) / runs);
    busy = Math.min(busy, ((await mainThreadMs()) - busyBefore) / runs);
  }
  return { wall, busy };
}

/** The processor time of the main thread; elsewhere than on Linux, of the process. */
async function mainThreadMs(): Promise<number> {
  try {
    const [nanoseconds] = (await readFile(`/proc/self/task/${process.pid}/schedstat`, 'utf8')).split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}

function format(milliseconds: number): string {
  return milliseconds < 0.1 ? milliseconds.toFixed(4) : milliseconds.toFixed(3);
}

const columns: Row[][] = [];
for (const size of SIZES) columns.push(await measure(size));
console.log(`| ms per operation | ${SIZES.map(size => `${size} campaigns`).join(' | ')} |`);
console.log(`| --- |${' --- |'.repeat(SIZES.length)}`);
for (const [at, [name]] of (columns[0] ?? []).entries()) {
  console.log(`| ${name} | ${columns.map(rows => rows[at]?.[1] ?? '').join(' | ')} |`);
}
