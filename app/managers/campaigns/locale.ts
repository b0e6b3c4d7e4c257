import { ValidationError } from '../../../lib/errors.ts';
import { rememberByText } from '../../../lib/remember.ts';

interface Locale {
  readonly id: string;
  readonly isDefault: boolean;
}

/** Gives a locale in its canonical form (`fr-ca` → `fr-CA`). Throws `ValidationError` for an ill-formed one. */
export function canonicalLocale(tag: string): string {
  try {
    const [locale] = Intl.getCanonicalLocales(tag);
    if (locale !== undefined) return locale;
  } catch {
    // Falls through: an ill-formed tag is the caller's fault.
  }
  throw new ValidationError([{ path: 'locale', message: 'is not a well-formed language tag' }]);
}

/** Gives the form in which the spellings of one locale are equal: `fr-ca` and `fr-CA`, `tl` and `fil`. */
export const selectLocaleKey = rememberByText(
  tag => {
    try {
      return (Intl.getCanonicalLocales(tag)[0] ?? tag).toLowerCase();
    } catch {
      return tag.toLowerCase();
    }
  },
  { max: 1_000, maxLength: 64 },
);

/**
 * The declared locales to look a text up in, most wanted first: the one asked for, its shorter forms, the default.
 * `fr-Latn-CA` → `fr-Latn` → `fr` → default. Empty only when the campaign declares no locale.
 */
export function selectFallbacks(locales: readonly Locale[], wanted: string | undefined): string[] {
  const declared = new Map(locales.map(locale => [selectLocaleKey(locale.id), locale.id]));
  const chain: string[] = [];
  for (let parts = wanted?.split('-') ?? []; parts.length > 0; parts = parts.slice(0, -1)) {
    const found = declared.get(selectLocaleKey(parts.join('-')));
    if (found !== undefined) chain.push(found);
  }
  const byDefault = locales.find(locale => locale.isDefault)?.id ?? locales[0]?.id;
  if (byDefault !== undefined && !chain.includes(byDefault)) chain.push(byDefault);
  return chain;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Lays objects over each other field by field: the first that has a field decides; objects are merged, all else is taken whole. */
function overlay(layers: readonly unknown[]): unknown {
  const present = layers.filter(layer => layer !== undefined);
  const [first] = present;
  if (!isRecord(first)) return first;
  const objects = present.filter(isRecord);
  const keys = new Set(objects.flatMap(object => Object.keys(object)));
  return Object.fromEntries([...keys].map(key => [key, overlay(objects.map(object => object[key]))]));
}

/** Localises a value kept by locale, field by field along the fallbacks; undefined when no locale has anything. */
export function localise<T>(
  byLocale: Readonly<Record<string, T>> | undefined,
  fallbacks: readonly string[],
): T | undefined {
  if (byLocale === undefined) return undefined;
  return overlay(fallbacks.map(locale => byLocale[locale])) as T | undefined;
}
