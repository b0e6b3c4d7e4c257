import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createActor, type ManagerWorld, openManagerWorld } from '../../test/support/manager-world.ts';
import { UnauthorizedError, ValidationError } from '../../lib/errors.ts';
import { createId } from '../../lib/ids.ts';
import { createValidator } from '../../lib/schema/validator.ts';
import { contact as contactSchema } from '../../schemas/contact.ts';
import { ContactNotFoundError } from '../errors.ts';
import { contactManager, formatContact } from './contacts.ts';
import { toWire } from './patching.ts';

const email = 'ada@example.com';
const phone = '+47 22 00 00 00';

describe('the manager of contacts', () => {
  let world: ManagerWorld;
  beforeAll(async () => {
    world = await openManagerWorld();
  });
  afterAll(() => world.close());

  const create = async (): Promise<string> =>
    (await contactManager.create(world.createContext(), { name: 'Ada', email, phone }))._id;

  it('stores e-mail and phone encrypted, and shows them decrypted', async () => {
    const contactId = await create();
    const stored = await world.datastores.contacts.findById(contactId);
    expect(JSON.stringify(stored)).not.toMatch(/ada@example|22 00/);
    const shown = stored && toWire(formatContact(world.createContext(), stored));
    expect(shown).toMatchObject({ name: 'Ada', email, phone });
    expect(createValidator(contactSchema).selectFaults(shown)).toEqual([]);
  });

  it('keeps the cipher text of what does not change', async () => {
    const contactId = await create();
    const before = await world.datastores.contacts.findById(contactId);
    await contactManager.update(world.createContext(), contactId, { email: 'eve@example.com', phone });
    const after = await world.datastores.contacts.findById(contactId);
    expect(after?.phone).toBe(before?.phone);
    expect(after?.email).not.toBe(before?.email);
    expect(after && formatContact(world.createContext(), after).email).toBe('eve@example.com');
  });

  it('shows neither in the changes, not even encrypted', async () => {
    const contactId = await create();
    const stored = await world.datastores.contacts.findById(contactId);
    await contactManager.update(world.createContext(), contactId, { email: 'eve@example.com' });
    await contactManager.remove(world.createContext(), contactId);
    const changes = JSON.stringify(await world.findChanges(contactId));
    expect(changes).toContain('contact.deleted');
    for (const text of [email, phone, stored?.email, stored?.phone, 'eve@example']) expect(changes).not.toContain(text);
  });

  it('refuses what is no e-mail address', async () => {
    const body = { name: 'Bob', email: 'nobody' };
    await expect(contactManager.create(world.createContext(), body)).rejects.toThrow(ValidationError);
  });

  it('gives existing contacts by their ids and skips those that are gone', async () => {
    const [a, b] = [await create(), await create()];
    await contactManager.remove(world.createContext(), a);
    const ids = [b, a, createId()];
    expect((await world.datastores.contacts.findByIds(ids)).map(({ _id }) => _id)).toEqual([b]);
    expect(await world.datastores.contacts.selectExisting(ids)).toEqual(new Set([b]));
    await expect(contactManager.findById(world.createContext(), a)).rejects.toThrow(ContactNotFoundError);
  });

  it('is for supreme users alone', async () => {
    const ctx = world.createContext(createActor('update'));
    await expect(contactManager.findById(ctx, await create())).rejects.toThrow(UnauthorizedError);
  });
});
