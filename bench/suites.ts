import { growthSuite } from './growth.ts';
import { outcomeTable } from './lib/report.ts';
import { type Outcome } from './lib/runner.ts';
import { type Suite } from './lib/suite.ts';

const tableWith =
  (bases: Readonly<Record<string, string>>) =>
  (outcomes: readonly Outcome[]): string =>
    outcomeTable(outcomes, bases);

const read: Suite = {
  name: 'read',
  title: 'GET of one campaign (2 KB)',
  note: `The service answers with its default locale and the envelope, \`{ data, meta }\`; the peers answer with the bare
document in all its locales. The column "bytes" is the body as it was sent.`,
  candidates: [
    { name: 'node-read', label: 'node:http, ready Buffer', server: 'node', target: 'read' },
    { name: 'koa-object', label: 'Koa 3, object', server: 'koa', args: ['object'], target: 'read' },
    { name: 'koa-buffer', label: 'Koa 3, ready Buffer', server: 'koa', args: ['buffer'], target: 'read' },
    { name: 'service-read', label: '**campaign-service**', server: 'service', target: 'read' },
    { name: 'service-304', label: '**campaign-service**, 304', server: 'service', target: 'unchanged' },
    { name: 'service-gzip', label: '**campaign-service**, gzip', server: 'service', target: 'readGzip' },
    {
      name: 'service-traced',
      label: '**campaign-service**, every request traced',
      server: 'service',
      args: ['--tracing'],
      target: 'read',
    },
    { name: 'pipeline-read', label: 'usual Koa pipeline, koa-jwt RS256', server: 'pipeline', target: 'read' },
    { name: 'feathers-read', label: 'Feathers 5, least, no authentication', server: 'feathers', target: 'read' },
    {
      name: 'feathers-jwt-read',
      label: 'Feathers 5, least, JWT (KeyObject), no user',
      server: 'feathers',
      args: ['jwt'],
      target: 'read',
    },
    {
      name: 'feathers-app-read',
      label: "Feathers 5, its generator's app, JWT (KeyObject)",
      server: 'feathers-app',
      target: 'read',
    },
  ],
  goals: [
    { of: 'service-read', by: 'node-read', least: 0.33 },
    { of: 'service-read', by: 'koa-object', least: 0.8 },
    { of: 'service-read', by: 'feathers-jwt-read', least: 4 },
    { of: 'service-read', by: 'feathers-app-read', least: 4 },
    { of: 'service-304', by: 'node-read', least: 0.33 },
    { of: 'service-traced', by: 'service-read', least: 0.6 },
  ],
  format: tableWith({
    'node-read': '÷ node:http',
    'koa-object': '÷ Koa',
    'feathers-jwt-read': '÷ Feathers least',
    'feathers-app-read': '÷ Feathers app',
  }),
};

const update: Suite = {
  name: 'update',
  title: 'Update of one of 1,000 campaigns (1 KB body)',
  note: `All validate the body. The service also validates the campaign as a whole, checks the rules, writes it to disk under
24 indexes together with its change record, and answers when the disk has both; then it moves the record to the history.
Of the others only "durable" writes to disk (one update, under the same indexes, no record); the rest keep a Map.`,
  candidates: [
    { name: 'node-update', label: 'node:http + JSON.parse + Ajv + Map', server: 'node', target: 'update' },
    { name: 'service-update', label: '**campaign-service**, embedded store', server: 'service', target: 'update' },
    {
      name: 'pipeline-update',
      label: 'usual Koa pipeline, koa-jwt RS256, Map',
      server: 'pipeline',
      target: 'update',
    },
    {
      name: 'feathers-jwt-update',
      label: 'Feathers 5, least, JWT (KeyObject), no user, memory',
      server: 'feathers',
      args: ['jwt'],
      target: 'update',
    },
    {
      name: 'feathers-app-update',
      label: "Feathers 5, its generator's app, JWT (KeyObject), memory",
      server: 'feathers-app',
      target: 'update',
    },
    {
      name: 'feathers-durable-update',
      label: "Feathers 5, its generator's app, durable (the service's embedded store)",
      server: 'feathers-app',
      args: ['durable'],
      target: 'update',
    },
  ],
  goals: [
    { of: 'service-update', by: 'feathers-jwt-update', least: 1.8 },
    { of: 'service-update', by: 'feathers-app-update', least: 1.8 },
  ],
  format: tableWith({
    'node-update': '÷ node:http',
    'feathers-jwt-update': '÷ Feathers least',
    'feathers-app-update': '÷ Feathers app',
    'feathers-durable-update': '÷ Feathers durable',
  }),
};

/** What is measured under load, in order; `hasMongodb` says whether there is a server to measure besides. */
export const createSuites = ({ hasMongodb }: { readonly hasMongodb: boolean }): readonly Suite[] => [
  read,
  update,
  growthSuite({ hasMongodb }),
];
