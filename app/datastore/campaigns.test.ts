import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../test/support/campaign-documents.ts';
import { useManagerWorld } from '../../test/support/use-manager-world.ts';
import { createId } from '../../lib/ids.ts';
import { CampaignNameConflictError, DomainNameConflictError, IdentifierConflictError } from '../errors.ts';
import { type CampaignDocument } from './campaign-document.ts';
import { type CampaignsDatastore } from './campaigns.ts';
import { DuplicateKeyError } from './store/collection.ts';

const update = (campaigns: CampaignsDatastore, id: string, change: (current: CampaignDocument) => CampaignDocument) =>
  campaigns.update(id, change, {
    describeChange: () => ({ cause: 'campaign.updated', effects: [], by: 'test', correlation: 'test' }),
  });

describe('the keys that are unique', () => {
  const suite = useManagerWorld();
  const refuse = async (error: new () => Error, write: Promise<unknown>): Promise<void> => {
    const found = await write.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(found).toBeInstanceOf(error);
    expect((found as Error).cause).toBeInstanceOf(DuplicateKeyError);
  };

  it('are the domain, the name while it is taken, and the identifier: when a campaign is made', async () => {
    const { domain, nameKey = '', identifier } = await suite.insert(createCampaignDocument({ name: 'Taken' }));
    await refuse(DomainNameConflictError, suite.insert({ domain: { site: domain?.site ?? '' } }));
    await refuse(CampaignNameConflictError, suite.insert({ nameKey }));
    await refuse(IdentifierConflictError, suite.insert({ identifier }));
  });

  it('and when it is changed', async () => {
    const taken = await suite.insert(createCampaignDocument({ name: 'Taken too' }));
    const { _id } = await suite.insert(createCampaignDocument());
    const put = (fields: Partial<CampaignDocument>) =>
      update(suite.campaigns, _id, current => ({ ...current, ...fields }));
    await refuse(DomainNameConflictError, put({ domain: { site: taken.domain?.site ?? '' } }));
    await refuse(CampaignNameConflictError, put({ nameKey: 'taken too' }));
    await refuse(IdentifierConflictError, put({ identifier: taken.identifier }));
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ version: 1 });
  });

  it('hold back no campaign that has none of them', async () => {
    for (const domain of [{}, { preview: 'same.example.com' }, { preview: 'same.example.com' }]) {
      await expect(suite.insert({ domain })).resolves.toMatchObject({ version: 1 });
    }
  });

  it('let one of two campaigns win that want the same domain at once', async () => {
    const site = 'wanted.example.com';
    const outcomes = await Promise.allSettled([suite.insert({ domain: { site } }), suite.insert({ domain: { site } })]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('a campaign', () => {
  const suite = useManagerWorld();

  it('is found by its id and by its domain, whatever the case', async () => {
    const { _id } = await suite.insert({ domain: { site: 'found.example.com' } });
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ _id });
    await expect(suite.campaigns.findByDomain('FOUND.example.com')).resolves.toMatchObject({ _id });
    await expect(suite.campaigns.findByDomain('other.example.com')).resolves.toBeNull();
  });

  it.each(['', 'x', 'ABCDEFABCDEFABCDEFABCDEF', '$ne', 'constructor'])(
    'is not found by %j, which is no id',
    async id => {
      await expect(suite.campaigns.findById(id)).resolves.toBeNull();
    },
  );

  it('is known to exist, or not', async () => {
    const { _id } = await suite.insert();
    await expect(suite.campaigns.selectExisting([_id, createId()])).resolves.toEqual(new Set([_id]));
    await expect(suite.campaigns.selectExisting([])).resolves.toEqual(new Set());
  });

  it('is not updated where there is none', async () => {
    await expect(update(suite.campaigns, createId(), current => current)).resolves.toBeNull();
  });
});
