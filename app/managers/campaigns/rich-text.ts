import sanitizeHtml from 'sanitize-html';
import { ValidationError } from '../../../lib/errors.ts';
import { type CampaignContent } from '../../../schemas/campaign.ts';
import { MAX_RICH_TEXT_LENGTH } from '../../../schemas/common.ts';

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
      // Whatever a target is called, what opens there must not reach back.
      attribs: { ...attributes, ...(attributes['target'] !== undefined && { rel: 'noopener noreferrer' }) },
    }),
  },
};

/** How often what is left of a text is looked at again, until nothing changes any more. */
const MAX_PASSES = 8;

/**
 * Gives the safe part of a piece of HTML: safe to be shown as it is. Idempotent: what broken markup leaves behind can be
 * markup again, so it is gone through until it stays as it is; what never does is shown as text.
 */
export function sanitiseRichText(html: string): string {
  // Most copy has no markup and no entity at all; the parser has nothing to do there.
  if (!/[<>&]/.test(html)) return html;
  let safe = sanitizeHtml(html, allowed);
  for (let pass = 1; pass < MAX_PASSES; pass++) {
    const again = sanitizeHtml(safe, allowed);
    if (again === safe) return safe;
    safe = again;
  }
  return sanitizeHtml(safe, { allowedTags: [], allowedAttributes: {} });
}

type Content = NonNullable<CampaignContent['content']>;
type LocaleContent = Content[string];

/**
 * Sanitises the rich texts of a campaign's content. A text that equals what is stored was sanitised when it was written
 * and is taken as it is, so an update costs what it changes.
 * Throws `ValidationError` for a text that is too long once its special characters are escaped.
 */
export function sanitiseContent(content: Content, stored: Content = {}): Content {
  return Object.fromEntries(
    Object.entries(content).map(([locale, texts]) => [
      locale,
      texts === stored[locale] ? texts : sanitiseLocale(texts, stored[locale] ?? {}, `/content/${locale}`),
    ]),
  );
}

function clean(text: string | undefined, stored: string | undefined, path: string): string | undefined {
  if (text === undefined || text === stored) return text;
  const safe = sanitiseRichText(text);
  // Schemas count characters, not the halves that some of them have in a string.
  if (safe.length > MAX_RICH_TEXT_LENGTH && Array.from(safe).length > MAX_RICH_TEXT_LENGTH) {
    const message = `must have at most ${MAX_RICH_TEXT_LENGTH} characters once <, > and & are escaped`;
    throw new ValidationError([{ path, message }]);
  }
  return safe;
}

function withClean<T extends object, K extends keyof T & string>(
  texts: T,
  stored: T | undefined,
  fields: readonly K[],
  path: string,
): T {
  const cleaned = { ...texts };
  for (const field of fields) {
    const value = clean(texts[field] as string | undefined, stored?.[field] as string | undefined, `${path}/${field}`);
    if (value !== undefined) cleaned[field] = value as T[K];
  }
  return cleaned;
}

function sanitiseLocale(texts: LocaleContent, stored: LocaleContent, path: string): LocaleContent {
  const next = withClean(texts, stored, ['terms'], path);
  const { landing, confirmation, email, faqs } = texts;
  if (landing) next.landing = withClean(landing, stored.landing, ['body', 'closedBody'], `${path}/landing`);
  if (confirmation) {
    next.confirmation = withClean(confirmation, stored.confirmation, ['body'], `${path}/confirmation`);
  }
  if (email) next.email = withClean(email, stored.email, ['body'], `${path}/email`);
  if (faqs) {
    next.faqs = Object.fromEntries(
      Object.entries(faqs).map(([id, faq]) => [
        id,
        withClean(faq, stored.faqs?.[id], ['answer'], `${path}/faqs/${id}`),
      ]),
    );
  }
  return next;
}
