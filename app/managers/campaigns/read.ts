import { UnauthenticatedError } from '../../../lib/errors.ts';
import { isId } from '../../../lib/ids.ts';
import { type ManagerContext } from '../../context.ts';
import { type CampaignDocument } from '../../datastore/campaign-document.ts';
import { CampaignNotFoundError, InvalidCampaignPasswordError } from '../../errors.ts';
import { authorize, isAllowed } from '../../policy.ts';
import { type CachedCampaign } from '../../services/campaign-cache.ts';
import { type Audience, type LocaleChoice } from './format.ts';
import { canonicalLocale } from './locale.ts';
import { findState } from '../live-states.ts';
import { type CampaignView, selectView, selectViewWithState } from './view.ts';

type Context = ManagerContext<'campaigns' | 'attempts'>;

export interface ReadOptions {
  /** A language tag; texts fall back along it. */
  readonly locale?: string | undefined;
  readonly showAllLocales?: boolean | undefined;
  /** The password of a protected campaign. */
  readonly password?: string | undefined;
}

/** What is shown where only the status is asked for. */
export interface CampaignStatusView {
  readonly id: string;
  readonly status: CampaignDocument['status'];
  readonly date: CampaignDocument['date'];
}

const notFound = (): CampaignNotFoundError => new CampaignNotFoundError();

/** Gives the campaign from the cache, else from the database; null when there is none, also for an ill-formed id. */
export async function selectCampaign(
  ctx: ManagerContext<'campaigns'>,
  campaignId: string,
): Promise<CachedCampaign | null> {
  const { campaignCache } = ctx.service;
  const cached = campaignCache.peek(campaignId);
  if (cached !== undefined) return cached;
  if (!isId(campaignId)) return null;
  return campaignCache.read(campaignId, () => ctx.datastore.campaigns.findById(campaignId));
}

/** Gives the campaign that has the domain now. The remembered id is a hint that the campaign itself confirms. */
async function selectByDomain(ctx: ManagerContext<'campaigns'>, domain: string): Promise<CachedCampaign | null> {
  const { campaignCache } = ctx.service;
  const site = domain.toLowerCase();
  const hint = campaignCache.peekDomain(site);
  if (hint !== undefined) {
    const campaign = await selectCampaign(ctx, hint);
    if (campaign?.document.domain?.site === site) return campaign;
  }
  const document = await ctx.datastore.campaigns.findByDomain(site);
  if (document === null) return null;
  campaignCache.putDomain(site, document._id);
  // The cache may know a newer version, which has another domain by now.
  const campaign = campaignCache.put(document);
  return campaign.document.domain?.site === site ? campaign : null;
}

function selectLocaleChoice({ locale, showAllLocales }: ReadOptions): LocaleChoice {
  if (locale !== undefined) return { wanted: canonicalLocale(locale) };
  return showAllLocales === true ? 'all' : 'default';
}

/** Throws `InvalidCampaignPasswordError` unless the caller may see a protected campaign, `RateLimitedError` after too many tries. */
async function throwIfInvalidPassword(
  ctx: Context,
  campaign: CampaignDocument,
  password: string | undefined,
): Promise<void> {
  if (campaign.password === undefined || isAllowed(ctx.actor, 'update', campaign._id)) return;
  if (password === undefined) throw new InvalidCampaignPasswordError();
  const { passwords } = ctx.service;
  const isRight = await passwords.verify(password, campaign.password, {
    attempts: ctx.datastore.attempts,
    key: `${campaign._id}:${ctx.address}`,
    now: ctx.clock(),
  });
  if (!isRight) throw new InvalidCampaignPasswordError();
}

/** Says whether the configuration lets everyone see a campaign: opened and not retired. A password is asked for all the same. */
function isPublic(ctx: ManagerContext<never>, { status }: CampaignDocument): boolean {
  return ctx.service.publicReads && (status === 'OPEN' || status === 'CLOSED');
}

/** Decides what the caller sees of a campaign that may be public. Throws `UnauthenticatedError`, `UnauthorizedError` and `CampaignNotFoundError`. */
function selectAudience(ctx: Context, found: CachedCampaign | null): Audience {
  if (found !== null && isAllowed(ctx.actor, 'read', found.document._id)) return 'full';
  if (found !== null && isPublic(ctx, found.document)) return 'public';
  if (ctx.actor === null && !ctx.service.publicReads) throw new UnauthenticatedError();
  // Where the public reads, what it may not see does not exist; a caller with a token learns that a permission is missing.
  if (ctx.actor === null || ctx.actor.supreme) throw new CampaignNotFoundError();
  authorize(ctx.actor, 'read', found?.document._id ?? '', found, notFound);
  return 'full';
}

/**
 * Reads a campaign by its id, in a locale. Needs `read`.
 * Throws `UnauthorizedError`, `CampaignNotFoundError`, `InvalidCampaignPasswordError`, `ValidationError` (locale).
 */
export async function findById(ctx: Context, campaignId: string, options: ReadOptions): Promise<CampaignView> {
  return selectView(await selectReadable(ctx, campaignId, options.password), 'full', selectLocaleChoice(options));
}

/** Reads a campaign by its id, with its live state beside it as `metadata.state`. Throws as `findById` and `findState`. */
export async function findWithState(ctx: Context, campaignId: string, options: ReadOptions): Promise<CampaignView> {
  const campaign = await selectReadable(ctx, campaignId, options.password);
  const { campaignId: _itself, ...state } = await findState(ctx, campaignId);
  return selectViewWithState(campaign, selectLocaleChoice(options), state);
}

/** Gives a campaign to a caller who may read it and, where it is protected, knows its password. Throws as `findById`. */
export async function selectReadable(
  ctx: Context,
  campaignId: string,
  password: string | undefined,
): Promise<CachedCampaign> {
  const campaign = await selectCampaign(ctx, campaignId);
  authorize(ctx.actor, 'read', campaignId, campaign, notFound);
  if (campaign.document.password !== undefined) await throwIfInvalidPassword(ctx, campaign.document, password);
  return campaign;
}

/** Whom an answer about a campaign is for, and what it hangs on: what decides how long it may be kept. */
export interface Publicity {
  readonly audience: Audience;
  readonly campaignId: string;
  /** The domain of the campaign, when it has one. */
  readonly site: string | undefined;
  readonly isProtected: boolean;
  /** Whether the database is away and this may be old. */
  readonly stale: boolean;
}

function selectPublicity({ document, stale }: CachedCampaign, audience: Audience): Publicity {
  const { _id, domain, password } = document;
  return { audience, campaignId: _id, site: domain?.site, isProtected: password !== undefined, stale };
}

/** Reads the campaign of a domain: with `read` in full, else, where public reads are on, its public view. Throws as `findById`. */
export async function findByDomain(
  ctx: Context,
  domain: string,
  options: ReadOptions,
): Promise<CampaignView & Publicity> {
  const campaign = await selectByDomain(ctx, domain);
  const audience = selectAudience(ctx, campaign);
  if (campaign === null) throw new CampaignNotFoundError();
  await throwIfInvalidPassword(ctx, campaign.document, options.password);
  return { ...selectView(campaign, audience, selectLocaleChoice(options)), ...selectPublicity(campaign, audience) };
}

/** Reads the status and the dates of a campaign by id or by domain. Throws as `findByDomain`. */
export async function findStatus(
  ctx: Context,
  by: { campaignId: string } | { domain: string },
  options: Pick<ReadOptions, 'password'>,
): Promise<{ readonly status: CampaignStatusView } & Publicity> {
  const campaign = 'domain' in by ? await selectByDomain(ctx, by.domain) : await selectCampaign(ctx, by.campaignId);
  const audience = selectAudience(ctx, campaign);
  if (campaign === null) throw new CampaignNotFoundError();
  await throwIfInvalidPassword(ctx, campaign.document, options.password);
  const { _id, status, date } = campaign.document;
  return { status: { id: _id, status, date }, ...selectPublicity(campaign, audience) };
}
