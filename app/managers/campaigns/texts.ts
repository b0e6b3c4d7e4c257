import { type ManagerContext } from '../../context.ts';
import { CampaignNotFoundError } from '../../errors.ts';
import { authorize } from '../../policy.ts';
import { canonicalLocale, localise, selectFallbacks, selectLocaleKey } from './locale.ts';
import { type ReadOptions, selectCampaign, selectReadable } from './read.ts';
import { update, type UpdateCampaignOptions } from './update.ts';

type ReadContext = ManagerContext<'campaigns' | 'attempts'>;
type WriteContext = ManagerContext<'campaigns' | 'contacts' | 'users'>;

type TextOptions = Pick<ReadOptions, 'locale' | 'password'>;

/** Texts of one locale of a campaign, and the campaign's version. */
export interface LocaleTexts<T> {
  /** The locale that was used. */
  readonly locale: string | undefined;
  readonly texts: T;
  readonly version: number;
}

/** The frequently asked questions of a locale by UUID. */
export type LocaleFaqs = Readonly<Record<string, { readonly question: string; readonly answer: string }>>;

async function selectContent(ctx: ReadContext, campaignId: string, { locale: tag, password }: TextOptions) {
  const { document } = await selectReadable(ctx, campaignId, password);
  const fallbacks = selectFallbacks(document.locales ?? [], tag === undefined ? undefined : canonicalLocale(tag));
  return { content: localise(document.content, fallbacks), locale: fallbacks[0], version: document.version };
}

/** Which locale is written: the one that is named, in the spelling that the campaign declares it in, else the default. */
async function selectWrittenLocale(ctx: WriteContext, campaignId: string, tag: string | undefined): Promise<string> {
  const campaign = await selectCampaign(ctx, campaignId);
  authorize(ctx.actor, 'update', campaignId, campaign, () => new CampaignNotFoundError());
  const { locales = [] } = campaign.document;
  if (tag === undefined) return selectFallbacks(locales, undefined)[0] ?? 'und';
  const wanted = canonicalLocale(tag);
  return locales.find(locale => selectLocaleKey(locale.id) === selectLocaleKey(wanted))?.id ?? wanted;
}

/** Gives the questions of a locale, each completed along the fallbacks. Needs `read`. */
export async function findFaqs(
  ctx: ReadContext,
  campaignId: string,
  options: TextOptions = {},
): Promise<LocaleTexts<LocaleFaqs>> {
  const { content, ...rest } = await selectContent(ctx, campaignId, options);
  return { ...rest, texts: content?.faqs ?? {} };
}

/**
 * Applies a merge patch to the questions of a declared locale: a UUID with null takes a question away. Needs `update`.
 * Throws as the campaign's `update`; an undeclared locale is an `InvalidCampaignError`.
 */
export async function updateFaqs(
  ctx: WriteContext,
  campaignId: string,
  locale: string | undefined,
  patch: Readonly<Record<string, unknown>>,
  options: UpdateCampaignOptions,
): Promise<LocaleTexts<LocaleFaqs>> {
  const written = await selectWrittenLocale(ctx, campaignId, locale);
  const { document } = await update(
    ctx,
    campaignId,
    { content: { [written]: { faqs: patch } } },
    { ...options, cause: 'campaign.faqs' },
  );
  return { locale: written, texts: document.content?.[written]?.faqs ?? {}, version: document.version };
}

/** Gives the terms of a locale, along the fallbacks; an empty text when there are none. Needs `read`. */
export async function findTerms(
  ctx: ReadContext,
  campaignId: string,
  options: TextOptions = {},
): Promise<LocaleTexts<string>> {
  const { content, ...rest } = await selectContent(ctx, campaignId, options);
  return { ...rest, texts: content?.terms ?? '' };
}

/** Writes the terms of a declared locale; null takes them away. Needs `update`. Throws as `updateFaqs`. */
export async function updateTerms(
  ctx: WriteContext,
  campaignId: string,
  locale: string | undefined,
  terms: string | null,
  options: UpdateCampaignOptions,
): Promise<LocaleTexts<string>> {
  const written = await selectWrittenLocale(ctx, campaignId, locale);
  const { document } = await update(
    ctx,
    campaignId,
    { content: { [written]: { terms } } },
    { ...options, cause: 'campaign.terms' },
  );
  return { locale: written, texts: document.content?.[written]?.terms ?? '', version: document.version };
}
