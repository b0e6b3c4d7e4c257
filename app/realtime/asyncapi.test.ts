import { describe, expect, it } from '@jest/globals';
import { compileMessages } from '../../test/support/channel-contract.ts';
import { createAsyncApi } from './asyncapi.ts';
import { EVENT } from './socket-connection.ts';

interface Reference {
  readonly $ref: string;
}
interface Operation {
  readonly action: string;
  readonly channel: Reference;
  readonly messages: readonly Reference[];
  readonly reply?: Pick<Operation, 'channel' | 'messages'>;
}
interface Document {
  readonly asyncapi: string;
  readonly channels: Record<string, { address: string; messages: Record<string, Reference> }>;
  readonly operations: Record<string, Operation>;
  readonly components: { messages: Record<string, { name: string; title: string; payload: object }> };
}

const document = JSON.parse(JSON.stringify(createAsyncApi({ version: '1.2.3' }))) as Document;

/** All objects in a document that have a member. */
function collect(value: unknown, member: string): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = member in value ? [value as Record<string, unknown>] : [];
  return [...own, ...Object.values(value).flatMap(one => collect(one, member))];
}

describe('the AsyncAPI document', () => {
  it('is one of version 3.0, about the one event of the channel', () => {
    expect(document.asyncapi).toBe('3.0.0');
    expect(Object.values(document.channels).map(({ address }) => address)).toEqual([EVENT]);
  });

  it('refers to nothing that it does not have', () => {
    for (const { $ref } of collect(document, '$ref') as unknown as Reference[]) {
      const found = $ref
        .slice(2)
        .split('/')
        .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], document);
      expect([$ref, typeof found]).toEqual([$ref, 'object']);
    }
  });

  it('has each message in the channel and in an operation', () => {
    const all = Object.keys(document.components.messages).sort();
    expect(Object.keys(document.channels['event']?.messages ?? {}).sort()).toEqual(all);
    const used = Object.values(document.operations).flatMap(({ messages, reply }) => [
      ...messages,
      ...(reply?.messages ?? []),
    ]);
    expect([...new Set(used.map(({ $ref }) => $ref.split('/').at(-1)))].sort()).toEqual(all);
  });

  it('says of each request how it is answered, and what it needs', () => {
    const requests = Object.entries(document.operations).filter(([, { action }]) => action === 'receive');
    expect(requests.length).toBeGreaterThan(15);
    for (const [id, { reply }] of requests) {
      const keys = reply?.messages.map(({ $ref }) => $ref.split('/').at(-1));
      expect(keys).toEqual([expect.stringMatching(`^${id}\\.(success|started)$`), `${id}.failed`]);
    }
    expect(document.operations['campaign.subscribe']).toMatchObject({ description: 'Needs: `read`.' });
  });

  it('describes each message and each of its members, by schemas that can be compiled', () => {
    for (const { key, validate } of compileMessages(createAsyncApi({ version: '1.2.3' }))) {
      expect(document.components.messages[key]?.title).not.toBe('');
      expect(validate({ type: 'x' })).toBe(false);
    }
    for (const { properties } of collect(document.components, 'properties')) {
      for (const [name, property] of Object.entries(properties as Record<string, Record<string, unknown>>)) {
        const isSaid = ['description', '$ref', 'const', 'allOf', 'pattern'].some(keyword => keyword in property);
        expect([name, isSaid]).toEqual([name, true]);
      }
    }
  });
});
