import { afterAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { requests } from '../../app/realtime/declarations.ts';
import { formatNeeds, type RequestDeclaration } from '../../app/realtime/request-declaration.ts';
import { startTestApp } from '../support/app.ts';

const test = await startTestApp();
afterAll(() => test.stop());

const declarations: readonly RequestDeclaration[] = Object.values(requests);
const registered = test.app.realtime?.bus.listRequests() ?? [];
const page = await readFile('docs/channel.md', 'utf8');

/** The rows of the page's table of requests: names, payload, what is needed. */
const rows = page
  .split('\n')
  .filter(line => /^\| `[a-z]+:[a-z_]+`[,` ]/.test(line))
  .flatMap(line => {
    const [, names = '', payload = '', needs = ''] = line.split(/(?<!\\)\|/).map(cell => cell.trim());
    return names.split(', ').map(name => ({ name: name.slice(1, -1), payload, needs }));
  });
/** What the page says of these payloads are no names of members. */
const described = new Set(['nexus:emit', 'campaign:health', 'nexus:health']);

describe('the requests of the channel', () => {
  it('are declared as they are registered', () => {
    expect(declarations.map(({ name }) => `${name}:v1:requested`).sort()).toEqual([...registered].sort());
  });

  it('are in the document that the service publishes, and no others', async () => {
    const { text } = await test.client.as(null).get('/asyncapi.json');
    const { operations, components } = JSON.parse(text) as {
      operations: Record<string, { action: string; messages: readonly { $ref: string }[] }>;
      components: { messages: Record<string, { name: string }> };
    };
    const published = Object.values(operations)
      .filter(({ action }) => action === 'receive')
      .flatMap(({ messages }) => messages.map(({ $ref }) => $ref.split('/').at(-1) ?? ''))
      .map(key => components.messages[key]?.name);
    expect(published.sort()).toEqual([...registered].sort());
  });

  it('are on the page about the channel, with what they need', () => {
    expect(rows.map(({ name, needs }) => `${name} ${needs}`.trim()).sort()).toEqual(
      declarations.map(declaration => `${declaration.name} ${formatNeeds(declaration)}`.trim()).sort(),
    );
  });

  it.each(declarations.filter(({ name }) => !described.has(name)).map(one => [one.name, one] as const))(
    '%s is on the page with its payload',
    (name, { payload }) => {
      const members = (rows.find(row => row.name === name)?.payload ?? '')
        .replaceAll('`', '')
        .replace(/\{[^}]*\}/g, '')
        .split(', ')
        .map(member => member.split(':')[0] ?? '');
      const required = new Set(payload.required ?? []);
      const declared = Object.keys(payload.properties ?? {}).map(member =>
        required.has(member) ? member : `${member}?`,
      );
      expect(members.sort()).toEqual(declared.sort());
    },
  );
});
