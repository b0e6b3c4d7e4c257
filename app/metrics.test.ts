import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../lib/metrics.ts';
import { createServiceMetrics } from './metrics.ts';

const docs = join(import.meta.dirname, '../docs/operations');

/** Every metric that a process has, beside those of Node itself, as `name type labels`. */
async function selectRegistered(): Promise<string[]> {
  const metrics = createMetrics({ isProcessMeasured: false });
  const serviceMetrics = createServiceMetrics(metrics);
  serviceMetrics.watchCache({ outcomes: { hit: 0, miss: 0, stale: 0 } });
  serviceMetrics.watchDeliveries({ read: async () => new Map() }, () => new Date());
  serviceMetrics.realtime.watch({
    connections: () => 0,
    subscriptions: () => 0,
    streams: () => 0,
    states: () => ({ campaigns: 2, pending: 1, bytes: 3 }),
  });
  const described = await metrics.registry.getMetricsAsJSON();
  const labelsOf = (name: string): readonly string[] =>
    (metrics.registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] }).labelNames;
  return described.map(({ name, type }) => `${name} ${type} ${labelsOf(name).join(',')}`).sort();
}

async function selectDocumented(): Promise<string[]> {
  const page = await readFile(join(docs, 'metrics.md'), 'utf8');
  const rows = page.matchAll(/^\| `([a-z_]+)` \| (\w+) \| ([^|]*)\|/gm);
  return [...rows].map(([, name, type, labels = '']) => `${name} ${type} ${labels.replace(/[`\s]/g, '')}`).sort();
}

/** Those of Node and the process, as `name type`; their labels are of no matter here. */
function selectOfProcess(): string[] {
  return createMetrics()
    .registry.getMetricsAsArray()
    .map(({ name, type }) => `${name} ${type} `);
}

const splitLine = (line: string): [name: string, labels: readonly string[]] => {
  const [name = '', , labels = ''] = line.split(' ');
  return [name, labels === '' ? [] : labels.split(',')];
};

async function selectAlertQueries(): Promise<string[]> {
  const text = await readFile(join(docs, 'alerts.yml'), 'utf8');
  return [...text.matchAll(/^ +expr: (.*)$/gm)].map(([, query = '']) => query);
}

async function selectPanelQueries(): Promise<string[]> {
  const { panels } = JSON.parse(await readFile(join(docs, 'dashboard.json'), 'utf8')) as {
    panels: readonly { targets: readonly { expr: string }[] }[];
  };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

/** The metrics that a query asks for: of its words with underscores, those that are no function of PromQL. */
function selectNames(query: string): string[] {
  const words = query.replace(/"[^"]*"/g, '').match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g) ?? [];
  return words.filter(word => word !== 'histogram_quantile').map(word => word.replace(/_(?:bucket|count|sum)$/, ''));
}

/** The labels that a query groups or selects by. */
function selectLabels(query: string): string[] {
  const groups = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
  const matchers = [...query.matchAll(/[{,](\w+)(?:=~?|!=|!~)"/g)].map(([, label = '']) => label);
  return [...groups, ...matchers];
}

describe('the metrics', () => {
  it('are those that the documentation lists, with their types and labels', async () => {
    expect(await selectDocumented()).toEqual(await selectRegistered());
  });

  it('are the only ones that the alerts and the dashboard ask for, by labels that they have', async () => {
    const labelsOf = new Map([...selectOfProcess(), ...(await selectRegistered())].map(splitLine));
    const asked = [...(await selectAlertQueries()), ...(await selectPanelQueries())];
    expect(asked.length).toBeGreaterThan(20);
    for (const query of asked) {
      const names = selectNames(query);
      expect([query, names.filter(name => !labelsOf.has(name))]).toEqual([query, []]);
      const labels = new Set(['le', ...names.flatMap(name => labelsOf.get(name) ?? [])]);
      expect([query, selectLabels(query).filter(label => !labels.has(label))]).toEqual([query, []]);
    }
  });

  it('are all on the dashboard, but for those of Node and the process', async () => {
    const shown = new Set((await selectPanelQueries()).flatMap(selectNames));
    const missing = (await selectRegistered()).map(line => splitLine(line)[0]).filter(name => !shown.has(name));
    expect(missing).toEqual([]);
  });

  it('name every alert that the documentation explains, and no other', async () => {
    const alerts = [...(await readFile(join(docs, 'alerts.yml'), 'utf8')).matchAll(/alert: (\w+)/g)].map(
      ([, name]) => name,
    );
    const explained = [...(await readFile(join(docs, 'metrics.md'), 'utf8')).matchAll(/^\| `(Campaign\w+)` \|/gm)].map(
      ([, name]) => name,
    );
    expect(explained).toEqual(alerts);
  });

  it('count what a refresh did and when', async () => {
    const metrics = createMetrics({ isProcessMeasured: false });
    createServiceMetrics(metrics).refreshed({ opened: 2, closed: 1, inactivated: 0, failedCount: 3 });
    const { text } = await metrics.scrape();
    expect(text).toContain('refresh_campaigns_total{result="opened"} 2');
    expect(text).toContain('refresh_campaigns_total{result="failed"} 3');
    expect(text).toMatch(/refresh_last_success_timestamp_seconds \d+/);
  });

  it('show what a census of the deliveries counted, and what became of attempts', async () => {
    const metrics = createMetrics({ isProcessMeasured: false });
    const service = createServiceMetrics(metrics);
    const summary = { pending: 3, due: 2, dead: 1, oldestAt: new Date(5_000) };
    service.watchDeliveries({ read: async () => new Map([['fastlyPurge', summary]]) }, () => new Date(65_000));
    const measured = service.deliveries.ofEffect('fastlyPurge');
    measured.attempted('dead', 2);
    measured.circuitChanged('open');
    const { text } = await metrics.scrape();
    expect(text).toContain('deliveries_pending{effect="fastlyPurge"} 3');
    expect(text).toContain('deliveries_dead{effect="fastlyPurge"} 1');
    expect(text).toContain('deliveries_oldest_age_seconds{effect="fastlyPurge"} 60');
    expect(text).toContain('deliveries_total{effect="fastlyPurge",outcome="dead"} 2');
    expect(text).toContain('deliveries_circuit_open{effect="fastlyPurge"} 1');
  });
});
