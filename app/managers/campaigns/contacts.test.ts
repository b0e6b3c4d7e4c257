import { describe, expect, it } from '@jest/globals';
import { createCampaignDocument } from '../../../test/support/campaign-documents.ts';
import { createActor, supreme } from '../../../test/support/manager-world.ts';
import { useManagerWorld } from '../../../test/support/use-manager-world.ts';
import { UnauthorizedError, ValidationError } from '../../../lib/errors.ts';
import { createId } from '../../../lib/ids.ts';
import { CampaignNotFoundError, InvalidCampaignError } from '../../errors.ts';
import { type Actor } from '../../policy.ts';
import { contactManager } from '../contacts.ts';
import { selectIdempotencyKey } from '../idempotency.ts';
import { addContact, findContacts } from './contacts.ts';
import { update } from './update.ts';

const MOST = 50;

describe('the contacts of a campaign', () => {
  const suite = useManagerWorld();
  const context = (actor: Actor | null = supreme) => suite.world.createContext(actor);
  const insert = (contacts?: string[]) => suite.insert(createCampaignDocument({}, contacts && { contacts }));
  const makeContacts = (count: number): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, at) => (await contactManager.create(context(), { name: `C${at}` }))._id),
    );

  it('are made and added, and read in their order with what is encrypted at rest', async () => {
    const { _id } = await insert();
    const actor = createActor('update', _id);
    const one = await addContact(context(actor), _id, { name: 'One', email: 'one@example.com' });
    const other = await addContact(context(actor), _id, { name: 'Other', phone: '+1 416 555 0100' });
    const found = await findContacts(context(createActor('read', _id)), _id);
    expect(found).toMatchObject([
      { _id: one._id, name: 'One', email: 'one@example.com' },
      { _id: other._id, name: 'Other', phone: '+1 416 555 0100' },
    ]);
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ contacts: [one._id, other._id], version: 3 });
    const [change] = await suite.world.findChanges(_id);
    expect(change).toMatchObject({ cause: 'campaign.contacts', version: 3 });
    expect(JSON.stringify(change)).not.toContain('416 555');
    expect(JSON.stringify(change)).not.toContain('555 0100');
  });

  it('leave out those that were deleted', async () => {
    const contacts = await makeContacts(2);
    const { _id } = await insert(contacts);
    await contactManager.remove(context(), contacts[0] ?? '');
    await expect(findContacts(context(), _id)).resolves.toMatchObject([{ _id: contacts[1] }]);
  });

  it('need read to be read and update to be added to, first; then a campaign', async () => {
    const { _id } = await insert();
    const reader = context(createActor('read', _id));
    await expect(findContacts(reader, _id)).resolves.toEqual([]);
    await expect(addContact(reader, _id, { name: 'Mine' })).rejects.toThrow(UnauthorizedError);
    await expect(findContacts(context(null), _id)).rejects.toThrow(UnauthorizedError);
    await expect(findContacts(context(), createId())).rejects.toThrow(CampaignNotFoundError);
    await expect(addContact(context(), createId(), { name: 'Mine' })).rejects.toThrow(CampaignNotFoundError);
  });

  it('are not added where they break their schema', async () => {
    const { _id } = await insert();
    await expect(addContact(context(), _id, { name: '' })).rejects.toThrow(ValidationError);
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ version: 1 });
  });

  it('are added once under a key, also when the first attempt ended between the two writes', async () => {
    const { _id } = await insert();
    const body = { name: 'Once' };
    const key = selectIdempotencyKey(supreme.userId, `POST /campaigns/${_id}/contacts`, 'key', body);
    await contactManager.create(context(), body, key);
    const added = await addContact(context(), _id, body, key);
    const again = await addContact(context(), _id, body, key);
    expect(again._id).toBe(added._id);
    await expect(suite.campaigns.findById(_id)).resolves.toMatchObject({ contacts: [added._id], version: 2 });
  });

  it('all stay when several are added at once', async () => {
    const { _id } = await insert();
    await Promise.all(Array.from({ length: 8 }, (_, at) => addContact(context(), _id, { name: `At once ${at}` })));
    await expect(findContacts(context(), _id)).resolves.toHaveLength(8);
  });

  it('are no more than the schema allows, so that the campaign can still be edited', async () => {
    const contacts = await makeContacts(MOST - 1);
    const { _id } = await insert(contacts);
    const body = { name: 'The last' };
    const key = selectIdempotencyKey(supreme.userId, `POST /campaigns/${_id}/contacts`, 'last', body);
    const last = await addContact(context(), _id, body, key);
    await expect(addContact(context(), _id, { name: 'Too many' })).rejects.toThrow(InvalidCampaignError);
    await expect(addContact(context(), _id, body, key)).resolves.toMatchObject({ _id: last._id });
    const { document } = await update(context(), _id, { name: 'Edited' });
    expect(document.contacts).toHaveLength(MOST);
  });
});
