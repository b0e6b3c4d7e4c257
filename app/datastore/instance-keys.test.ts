import { beforeEach, describe, expect, it } from '@jest/globals';
import { ServiceUnavailableError } from '../../lib/errors.ts';
import { createMemoryCollection } from '../../test/support/memory-collection.ts';
import { createInstanceKeys, type InstanceKeyDocument, spec } from './instance-keys.ts';
import { type Collection } from './store/collection.ts';

const clock = () => new Date('2026-03-01T12:00:00Z');

describe('the keys of instances', () => {
  let collection: Collection<InstanceKeyDocument>;
  beforeEach(() => {
    collection = createMemoryCollection<InstanceKeyDocument>(spec);
  });
  const open = (location = 'here/db') => createInstanceKeys({ collection, clock, location });

  it('are the same for all, who asks first and who asks later', async () => {
    const [first, second] = await Promise.all([open().readOrCreate('news'), open().readOrCreate('news')]);
    expect(first).toHaveLength(32);
    expect(second).toEqual(first);
    expect(await open().readOrCreate('news')).toEqual(first);
  });

  it('are others for another purpose, and over another database', async () => {
    const key = await open().readOrCreate('news');
    expect(await open().readOrCreate('else')).not.toEqual(key);
    // What is there is what a copy has.
    expect(await open('elsewhere/db').readOrCreate('news')).not.toEqual(key);
    expect(JSON.stringify(await collection.findOne({ _id: 'news' }))).not.toContain(key.toString('base64'));
    collection = createMemoryCollection<InstanceKeyDocument>(spec);
    expect(await open().readOrCreate('news')).not.toEqual(key);
  });

  it('are not made up for one that cannot be read yet', async () => {
    await open().readOrCreate('news');
    const blind = { ...collection, findOne: async () => null };
    const keys = createInstanceKeys({ collection: blind, clock, location: 'here/db' });
    await expect(keys.readOrCreate('news')).rejects.toThrow(ServiceUnavailableError);
  });
});
