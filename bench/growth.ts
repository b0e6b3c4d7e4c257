import { estimate, type Estimate } from './lib/estimate.ts';
import { markdownTable } from './lib/markdown.ts';
import { type Candidate } from './lib/runner.ts';
import { type Suite } from './lib/suite.ts';
import { usualConnections } from './lib/wrk.ts';

const sizes = { small: 1_000, large: 50_000 };

/** The service's targets, with what they are called in the table. */
const requests = {
  readInUse: 'GET by id',
  readByDomain: 'GET by domain',
  listByArtist: 'list of an artist, all 20',
  listOpen: 'list of OPEN, 20 of half',
  update: 'POST update',
  readAny: 'GET by id, of all',
  updateAny: 'POST update, of all',
} as const;

const stores = { embedded: [], mongodb: ['--mongodb'] } as const;
type StoreName = keyof typeof stores;

const nameOf = (store: StoreName, target: string, connections: number, size: number): string =>
  `growth-${store}-${target}-${connections}-${size}`;

const targets = Object.keys(requests) as (keyof typeof requests)[];
const loads = [1, usualConnections];

function createCandidates(store: StoreName): Candidate[] {
  return targets.flatMap(target =>
    loads.flatMap(connections =>
      Object.values(sizes).map(size => ({
        name: nameOf(store, target, connections, size),
        label: `${requests[target]}, ${connections} connections, ${size} campaigns`,
        server: 'service',
        args: ['--campaigns', String(size), ...stores[store]],
        target,
        connections,
        // Updates change what lists are made of.
        process: `${store}-${size}-${target.startsWith('update') ? 'updates' : 'reads'}`,
      })),
    ),
  );
}

const inDigits = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

function formatStore(store: StoreName, estimates: ReadonlyMap<string, Estimate>): string | undefined {
  const rows = targets.flatMap(target =>
    loads.flatMap(connections => {
      const small = estimates.get(nameOf(store, target, connections, sizes.small));
      const large = estimates.get(nameOf(store, target, connections, sizes.large));
      if (small === undefined || large === undefined) return [];
      return [
        [
          requests[target],
          String(connections),
          ...[small, large].map(({ p50Ms }) => inDigits(p50Ms)),
          (large.p50Ms / small.p50Ms).toFixed(2),
          ...[small, large].map(({ cpuMicrosPerRequest }) => inDigits(cpuMicrosPerRequest)),
          (large.cpuMicrosPerRequest / small.cpuMicrosPerRequest).toFixed(2),
        ],
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  const [small, large] = Object.values(sizes).map(size => size.toLocaleString('en'));
  const head = ['request', 'connections', `p50 ms, ${small}`, large ?? '', '×', `CPU µs, ${small}`, large ?? '', '×'];
  return `${store === 'embedded' ? 'Embedded store' : 'MongoDB'}:\n\n${markdownTable(head, rows)}`;
}

/** What a request costs among many campaigns, beside the same among few. */
export function growthSuite({ hasMongodb }: { readonly hasMongodb: boolean }): Suite {
  const measured = (Object.keys(stores) as StoreName[]).filter(store => store === 'embedded' || hasMongodb);
  return {
    name: 'growth',
    title: 'Growth: 1,000 and 50,000 campaigns',
    note: `The time of a request must not grow with the number of campaigns. In both cases requests go to the same number
of campaigns, 1,000 that lie evenly among all, so that caches hold the same; only the rows "of all" draw from all, and
show what a miss of the caches costs. CPU is that of the service's process, all threads.`,
    candidates: measured.flatMap(createCandidates),
    format: outcomes => {
      const good = outcomes.filter(({ failure, slices }) => failure === undefined && slices.length > 0);
      const estimates = new Map(good.map(({ candidate, slices }) => [candidate.name, estimate(slices)]));
      const failures = outcomes.flatMap(({ candidate, failure }) =>
        failure === undefined ? [] : [`- FAILED: ${candidate.label}: ${failure}`],
      );
      const tables = measured.flatMap(store => formatStore(store, estimates) ?? []);
      return [...tables, ...(failures.length > 0 ? [failures.join('\n')] : [])].join('\n\n');
    },
  };
}
