import { createId } from '../../lib/ids.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { type Page } from '../../schemas/paging.ts';
import {
  promoter as promoterSchema,
  type PromoterContent,
  type PromoterWrite,
  promoterWrite,
} from '../../schemas/promoter.ts';
import { type ManagerContext } from '../context.ts';
import { type ChangeCause, type ChangeDescription } from '../datastore/changes.ts';
import { type PromoterDocument } from '../datastore/promoter-document.ts';
import { type PromoterListQuery } from '../datastore/promoters.ts';
import { InvalidCampaignError, PromoterNotFoundError } from '../errors.ts';
import { throwIfNotSupreme } from '../policy.ts';
import { type ShownPromoter } from '../services/promoter-cache.ts';
import { createOnce, type IdempotencyKey } from './idempotency.ts';
import { patchDocument, type PatchRules, toWire } from './patching.ts';
import { createView, type DocumentView, selectShown } from './presentation.ts';

type Context = ManagerContext<'promoters' | 'users'>;

interface WriteOptions {
  /** The version that the caller has seen (`If-Match`). */
  readonly expectedVersion?: number | readonly number[] | undefined;
}

const validator: Validator<PromoterWrite> = createValidator(promoterWrite);

const rules: PatchRules = {
  readOnly: ['_id', 'date', 'version'],
  selectFaults: writable => validator.selectFaults(writable),
  // A promoter has no instants of a client's.
  revive: writable => writable,
};

/** Gives every field of a promoter that is shown, in the schema's order; instants are dates. */
export function formatPromoter(promoter: PromoterDocument): PromoterContent {
  return selectShown(promoter, promoterSchema.properties) as PromoterContent;
}

function selectNameKey(name: string): string {
  return name.trim().toLowerCase();
}

function describe(
  ctx: Pick<ManagerContext, 'correlation'>,
  cause: ChangeCause,
  by: string,
  key?: IdempotencyKey,
): ChangeDescription {
  return { cause, effects: [], by, correlation: ctx.correlation, ...(key && { idempotencyKey: key.key }) };
}

/** Lists the promoters, a page at a time. Only for supreme users. */
async function list(ctx: ManagerContext<'promoters'>, query: PromoterListQuery): Promise<Page<PromoterContent>> {
  throwIfNotSupreme(ctx.actor);
  const page = await ctx.datastore.promoters.list(query);
  return { ...page, rows: page.rows.map(formatPromoter) };
}

/** Reads a promoter. Only for supreme users. Throws `PromoterNotFoundError`. */
async function findById(ctx: ManagerContext<'promoters'>, promoterId: string): Promise<DocumentView> {
  throwIfNotSupreme(ctx.actor);
  const shown = await ctx.service.promoterCache.read(promoterId, async () => {
    const promoter = await ctx.datastore.promoters.findById(promoterId);
    return promoter && showPromoter(promoter);
  });
  if (shown === null) throw new PromoterNotFoundError();
  return createView(shown);
}

/** Gives a promoter as it is shown and cached: instants are texts. */
function showPromoter(promoter: PromoterDocument): ShownPromoter {
  return toWire(formatPromoter(promoter)) as unknown as ShownPromoter;
}

/**
 * Makes a promoter. Only for supreme users. With an idempotency key a repeat gives the promoter again.
 * Throws `ValidationError`, `PromoterNameConflictError`, `IdempotencyKeyReusedError`.
 */
async function create(
  ctx: ManagerContext<'promoters' | 'users' | 'changes'>,
  body: PromoterWrite,
  key?: IdempotencyKey,
): Promise<DocumentView> {
  throwIfNotSupreme(ctx.actor);
  validator.throwIfInvalid(body);
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const at = ctx.clock();
  const promoter = await createOnce(ctx, {
    key,
    find: id => ctx.datastore.promoters.findById(id),
    insert: async (id = createId(), idempotency) => {
      const made = await ctx.datastore.promoters.insert(
        {
          _id: id,
          ...body,
          date: { created: at, updated: at },
          nameKey: selectNameKey(body.name),
          ...(idempotency && { idempotency }),
        },
        { signal: ctx.signal, describeChange: () => describe(ctx, 'promoter.created', by, key) },
      );
      ctx.service.promoterCache.put(showPromoter(made));
      return made;
    },
  });
  // What a repeat gives may have been deleted since: it is shown, and not cached.
  return createView(showPromoter(promoter));
}

/**
 * Updates a promoter by a JSON merge patch (RFC 7396) of what the API shows of it. Only for supreme users.
 * Throws `PromoterNotFoundError`, `VersionMismatchError`, `ValidationError`, `PromoterNameConflictError`.
 */
async function update(
  ctx: Context,
  promoterId: string,
  patch: Readonly<Record<string, unknown>>,
  { expectedVersion }: WriteOptions = {},
): Promise<DocumentView> {
  throwIfNotSupreme(ctx.actor);
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const outcome = await ctx.datastore.promoters.update(
    promoterId,
    current => {
      const next = patchDocument(current, toWire(formatPromoter(current)), patch, rules);
      return { ...next, nameKey: selectNameKey(next.name) };
    },
    {
      signal: ctx.signal,
      ...(expectedVersion !== undefined && { expectedVersion }),
      stamp: (next, at) => ({ ...next, date: { ...next.date, updated: at } }),
      describeChange: () => describe(ctx, 'promoter.updated', by),
    },
  );
  if (outcome === null) throw new PromoterNotFoundError();
  const shown = showPromoter(outcome.after);
  ctx.service.promoterCache.put(shown);
  return createView(shown);
}

/**
 * Deletes a promoter that no market names. Only for supreme users. Throws `PromoterNotFoundError`,
 * `InvalidCampaignError` (a market names it), `VersionMismatchError`.
 */
async function remove(
  ctx: ManagerContext<'promoters' | 'markets' | 'users'>,
  promoterId: string,
  { expectedVersion }: WriteOptions = {},
): Promise<void> {
  throwIfNotSupreme(ctx.actor);
  if (await ctx.datastore.markets.isPromoterUsed(promoterId)) {
    throw new InvalidCampaignError('A market names this promoter, so it cannot be deleted.');
  }
  const by = await ctx.datastore.users.selectReference(ctx.actor);
  const outcome = await ctx.datastore.promoters.remove(promoterId, {
    signal: ctx.signal,
    ...(expectedVersion !== undefined && { expectedVersion }),
    describeChange: () => describe(ctx, 'promoter.deleted', by),
  });
  if (outcome === null) throw new PromoterNotFoundError();
  ctx.service.promoterCache.remove(promoterId, outcome.version);
}

/** All that can be done with promoters; routers, sockets and workers call these and nothing below. */
export const promoterManager = { create, findById, list, remove, update } as const;
