import sanitizeHtml from 'sanitize-html';
import { type CampaignContent } from '../../../schemas/campaign.ts';

/** What markup a text may keep: what an editor for operators makes, nothing that runs, frames or loads. */
const allowed: sanitizeHtml.IOptions = {
  allowedTags: [
    'p',
    'br',
    'b',
    'strong',
    'i',
    'em',
    'u',
    's',
    'a',
    'ul',
    'ol',
    'li',
    'h2',
    'h3',
    'h4',
    'blockquote',
    'span',
    'div',
    'hr',
    'sup',
    'sub',
  ],
  allowedAttributes: { a: ['href', 'target', 'rel', 'title'], '*': ['lang', 'dir'] },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowProtocolRelative: false,
  transformTags: {
    a: (tagName, attributes) => ({
      tagName,
      attribs: { ...attributes, ...(attributes['target'] === '_blank' && { rel: 'noopener noreferrer' }) },
    }),
  },
};

/** Gives the safe part of a piece of HTML: safe to be shown as it is. Idempotent. */
export function sanitiseRichText(html: string): string {
  // Most copy has no markup and no entity at all; the parser has nothing to do there.
  return /[<>&]/.test(html) ? sanitizeHtml(html, allowed) : html;
}

type Content = NonNullable<CampaignContent['content']>;
type LocaleContent = Content[string];

/**
 * Sanitises the rich texts of a campaign's content. A text that equals what is stored was sanitised when it was written
 * and is taken as it is, so an update costs what it changes.
 */
export function sanitiseContent(content: Content, stored: Content = {}): Content {
  return Object.fromEntries(
    Object.entries(content).map(([locale, texts]) => [
      locale,
      texts === stored[locale] ? texts : sanitiseLocale(texts, stored[locale] ?? {}),
    ]),
  );
}

function clean(text: string | undefined, stored: string | undefined): string | undefined {
  return text === undefined || text === stored ? text : sanitiseRichText(text);
}

function withClean<T extends object, K extends keyof T & string>(
  texts: T,
  stored: T | undefined,
  fields: readonly K[],
): T {
  const cleaned = { ...texts };
  for (const field of fields) {
    const value = clean(texts[field] as string | undefined, stored?.[field] as string | undefined);
    if (value !== undefined) cleaned[field] = value as T[K];
  }
  return cleaned;
}

function sanitiseLocale(texts: LocaleContent, stored: LocaleContent): LocaleContent {
  const next = withClean(texts, stored, ['terms']);
  if (texts.landing) next.landing = withClean(texts.landing, stored.landing, ['body', 'closedBody']);
  if (texts.confirmation) next.confirmation = withClean(texts.confirmation, stored.confirmation, ['body']);
  if (texts.email) next.email = withClean(texts.email, stored.email, ['body']);
  if (texts.faqs) {
    next.faqs = Object.fromEntries(
      Object.entries(texts.faqs).map(([id, faq]) => [id, withClean(faq, stored.faqs?.[id], ['answer'])]),
    );
  }
  return next;
}
