import { type Candidate } from './lib/runner.ts';

/** Candidates that are measured side by side and compared with one another. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly candidates: readonly Candidate[];
  /** The names of the candidates that the others are divided by, with the heads of these columns. */
  readonly bases: Readonly<Record<string, string>>;
}

/** What `npm run bench:http` measures, in order. */
export const suites: readonly Suite[] = [
  {
    name: 'read',
    title: 'GET of one campaign (2 KB)',
    bases: { 'node-read': '÷ node:http', 'koa-object': '÷ Koa', 'feathers-jwt-read': '÷ Feathers + JWT' },
    candidates: [
      { name: 'node-read', label: 'node:http, ready Buffer', server: 'node', target: 'read' },
      { name: 'koa-object', label: 'Koa 3, object', server: 'koa', args: ['object'], target: 'read' },
      { name: 'koa-buffer', label: 'Koa 3, ready Buffer', server: 'koa', args: ['buffer'], target: 'read' },
      { name: 'pipeline-read', label: 'usual Koa pipeline, koa-jwt RS256', server: 'pipeline', target: 'read' },
      { name: 'feathers-read', label: 'Feathers 5, no authentication', server: 'feathers', target: 'read' },
      {
        name: 'feathers-jwt-read',
        label: 'Feathers 5 + JWT (HS256, KeyObject)',
        server: 'feathers',
        args: ['jwt'],
        target: 'read',
      },
    ],
  },
  {
    name: 'update',
    title: 'Update of one of 1,000 campaigns (1 KB body, validated and stored)',
    bases: { 'node-update': '÷ node:http', 'feathers-jwt-update': '÷ Feathers + JWT' },
    candidates: [
      { name: 'node-update', label: 'node:http + JSON.parse + Ajv + Map', server: 'node', target: 'update' },
      {
        name: 'pipeline-update',
        label: 'usual Koa pipeline, koa-jwt RS256, Map',
        server: 'pipeline',
        target: 'update',
      },
      {
        name: 'feathers-jwt-update',
        label: 'Feathers 5 + JWT, memory service',
        server: 'feathers',
        args: ['jwt'],
        target: 'update',
      },
    ],
  },
];
