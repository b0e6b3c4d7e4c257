import { createId } from '../../lib/ids.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import {
  contact as contactSchema,
  type ContactContent,
  type ContactWrite,
  contactWrite,
} from '../../schemas/contact.ts';
import { type Page } from '../../schemas/paging.ts';
import { type ManagerContext } from '../context.ts';
import { type ChangeCause, type ChangeDescription } from '../datastore/changes.ts';
import { type ContactDocument } from '../datastore/contact-document.ts';
import { type ContactListQuery } from '../datastore/contacts.ts';
import { REDACTED } from '../datastore/diff.ts';
import { ContactNotFoundError } from '../errors.ts';
import { throwIfNotSupreme } from '../policy.ts';
import { createOnce, type IdempotencyKey } from './idempotency.ts';
import { patchDocument, type PatchRules, toWire } from './patching.ts';
import { createView, type DocumentView, selectShown } from './presentation.ts';

type Context = ManagerContext<'contacts' | 'users'>;
type Encryption = Pick<ManagerContext, 'service'>;

interface WriteOptions {
  /** The version that the caller has seen (`If-Match`). */
  readonly expectedVersion?: number | readonly number[] | undefined;
}

/** What is encrypted at rest. */
const encrypted = ['email', 'phone'] as const;

const validator: Validator<ContactWrite> = createValidator(contactWrite);

function createRules({ service }: Encryption): PatchRules {
  return {
    readOnly: ['_id', 'date', 'version'],
    selectFaults: writable => validator.selectFaults(writable),
    // Only what the patch changed is taken from here, so what stays as it is keeps its cipher text.
    revive: writable => encrypt(service, writable as ContactWrite),
  };
}

function encrypt({ fieldEncryption }: Encryption['service'], contact: ContactWrite): ContactWrite {
  const stored = { ...contact };
  for (const field of encrypted) {
    const text = contact[field];
    if (text !== undefined) stored[field] = fieldEncryption.encrypt(text);
  }
  return stored;
}

/** Gives every field of a contact that is shown, in the schema's order, decrypted; instants are dates. */
export function formatContact({ service }: Encryption, contact: ContactDocument): ContactContent {
  const shown = selectShown(contact, contactSchema.properties) as ContactContent;
  for (const field of encrypted) {
    const text = shown[field];
    // The last content of a contact that was deleted says only that there was something.
    if (text === REDACTED) delete shown[field];
    else if (text !== undefined) shown[field] = service.fieldEncryption.decrypt(text);
  }
  return shown;
}

function describe(
  ctx: Pick<ManagerContext, 'correlation'>,
  cause: ChangeCause,
  by: string,
  key?: IdempotencyKey,
): ChangeDescription {
  return { cause, effects: [], by, correlation: ctx.correlation, ...(key && { idempotencyKey: key.key }) };
}

/** Lists the contacts, a page at a time. Only for supreme users. */
async function list(ctx: ManagerContext<'contacts'>, query: ContactListQuery): Promise<Page<ContactContent>> {
  throwIfNotSupreme(ctx.actor);
  const page = await ctx.datastore.contacts.list(query);
  return { ...page, rows: page.rows.map(contact => formatContact(ctx, contact)) };
}

/** Reads a contact. Only for supreme users. Throws `ContactNotFoundError`. */
async function findById(ctx: ManagerContext<'contacts'>, contactId: string): Promise<DocumentView> {
  throwIfNotSupreme(ctx.actor);
  const contact = await ctx.datastore.contacts.findById(contactId);
  if (contact === null) throw new ContactNotFoundError();
  return createView(formatContact(ctx, contact));
}

/**
 * Makes a contact. Only for supreme users. With an idempotency key a repeat gives the contact again.
 * Throws `ValidationError`, `IdempotencyKeyReusedError`.
 */
async function create(
  ctx: ManagerContext<'contacts' | 'users' | 'changes'>,
  body: ContactWrite,
  key?: IdempotencyKey,
): Promise<DocumentView> {
  throwIfNotSupreme(ctx.actor);
  return createView(formatContact(ctx, await insertContact(ctx, body, key)));
}

/** Inserts a contact for a caller who is known to be allowed to. Throws as `create`. */
export async function insertContact(
  ctx: ManagerContext<'contacts' | 'users' | 'changes'>,
  body: ContactWrite,
  key?: IdempotencyKey,
): Promise<ContactDocument> {
  validator.throwIfInvalid(body);
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const at = ctx.clock();
  return createOnce(ctx, {
    key,
    find: id => ctx.datastore.contacts.findById(id),
    insert: (id = createId(), idempotency) =>
      ctx.datastore.contacts.insert(
        {
          _id: id,
          ...encrypt(ctx.service, body),
          date: { created: at, updated: at },
          ...(idempotency && { idempotency }),
        },
        { signal: ctx.signal, describeChange: () => describe(ctx, 'contact.created', by, key) },
      ),
  });
}

/**
 * Updates a contact by a JSON merge patch (RFC 7396) of what the API shows of it. Only for supreme users.
 * Throws `ContactNotFoundError`, `VersionMismatchError`, `ValidationError`.
 */
async function update(
  ctx: Context,
  contactId: string,
  patch: Readonly<Record<string, unknown>>,
  { expectedVersion }: WriteOptions = {},
): Promise<DocumentView> {
  throwIfNotSupreme(ctx.actor);
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const rules = createRules(ctx);
  const outcome = await ctx.datastore.contacts.update(
    contactId,
    current => patchDocument(current, toWire(formatContact(ctx, current)), patch, rules),
    {
      signal: ctx.signal,
      ...(expectedVersion !== undefined && { expectedVersion }),
      stamp: (next, at) => ({ ...next, date: { ...next.date, updated: at } }),
      describeChange: () => describe(ctx, 'contact.updated', by),
    },
  );
  if (outcome === null) throw new ContactNotFoundError();
  return createView(formatContact(ctx, outcome.after));
}

/**
 * Deletes a contact. Campaigns that name it are left alone: whoever reads them skips what is gone. Only for supreme
 * users. Throws `ContactNotFoundError`, `VersionMismatchError`.
 */
async function remove(ctx: Context, contactId: string, { expectedVersion }: WriteOptions = {}): Promise<void> {
  throwIfNotSupreme(ctx.actor);
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const outcome = await ctx.datastore.contacts.remove(contactId, {
    signal: ctx.signal,
    ...(expectedVersion !== undefined && { expectedVersion }),
    describeChange: () => describe(ctx, 'contact.deleted', by),
  });
  if (outcome === null) throw new ContactNotFoundError();
}

/** All that can be done with contacts; routers, sockets and workers call these and nothing below. */
export const contactManager = { create, findById, list, remove, update } as const;
